COPY (
  SELECT metric, data.time AS time, data.value AS value, data.tags AS tags
  FROM read_json('INPUT', format = 'newline_delimited', columns = {
    metric: 'VARCHAR', type: 'VARCHAR',
    data: 'STRUCT(time TIMESTAMPTZ, value DOUBLE, tags MAP(VARCHAR, VARCHAR))'
  })
  WHERE type = 'Point'
) TO 'OUTPUT' (FORMAT parquet, COMPRESSION zstd)
