"""Prints the samples of a file as JSON lines: what another program finds in it.

    samples.py duckdb|pyarrow|stream FILE
"""

import json
import sys

how, path = sys.argv[1:]
FIXED = ["metric", "type", "unit", "time", "value", "tags", "metadata"]


def emit(row):
    tags = {k: v for k, v in row.items() if k not in FIXED and v is not None}
    tags.update(dict(row["tags"]))
    contains = {None: "default", "ms": "time", "bytes": "data"}[row["unit"]]
    sample = [row["metric"], row["type"], contains, row["time"], row["value"]]
    print(json.dumps([*sample, tags, dict(row["metadata"])], allow_nan=True))


if how == "duckdb":
    import duckdb

    query = "select * replace (epoch_ns(time) as time) from read_parquet(?, hive_partitioning = true)"
    result = duckdb.execute(query, [path])
    names = [column[0] for column in result.description]
    for values in result.fetchall():
        emit(dict(zip(names, values)))
else:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if how == "pyarrow":
        table = pq.read_table(path)
    else:
        source = sys.stdin.buffer if path == "-" else pa.OSFile(path)
        table = pa.ipc.open_stream(source).read_all()
    table = table.set_column(table.schema.get_field_index("time"), "time", table["time"].cast("int64"))
    for row in table.to_pylist():
        emit(row)
