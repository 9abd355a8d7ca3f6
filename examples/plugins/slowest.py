#!/usr/bin/env python3
"""A brunt plug-in: the slowest requests of a run, by name, as they were measured.

    brunt run --out exec='python3 slowest.py slowest.txt' script.js

brunt writes every sample to our standard input as an Arrow IPC stream; what we write to stderr becomes
a line in brunt's log. Needs pyarrow.
"""

import heapq
import sys

import pyarrow as pa
import pyarrow.compute as pc

KEEP = 10

slowest = []
samples = 0
with pa.ipc.open_stream(sys.stdin.buffer) as stream:
    for batch in stream:
        samples += batch.num_rows
        requests = batch.filter(pc.equal(batch["metric"], "http_req_duration"))
        rows = zip(requests["value"].to_pylist(), requests["name"].to_pylist())
        slowest = heapq.nlargest(KEEP, [*slowest, *rows])

with open(sys.argv[1] if len(sys.argv) > 1 else "slowest.txt", "w") as report:
    for milliseconds, name in slowest:
        report.write(f"{milliseconds:10.3f} ms  {name}\n")
print(f"{samples} samples, the slowest requests are in {report.name}", file=sys.stderr)
