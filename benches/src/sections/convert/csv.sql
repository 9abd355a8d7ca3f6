COPY (
  SELECT * REPLACE (to_timestamp(timestamp) AS timestamp)
  FROM read_csv('INPUT', header = true, delim = ',', quote = '"', escape = '"',
    types = { timestamp: 'BIGINT', metric_value: 'DOUBLE' })
) TO 'OUTPUT' (FORMAT parquet, COMPRESSION zstd)
