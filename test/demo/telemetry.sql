-- A second database of the same server: measurements that come in and are summed up.
CREATE TABLE devices (
    id int PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE readings (
    device_id int NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    value double precision NOT NULL
);
CREATE INDEX readings_device ON readings (device_id, read_at);
CREATE INDEX readings_unused ON readings (value);

INSERT INTO devices SELECT i, 'device ' || i FROM generate_series(1, 200) AS i;
INSERT INTO readings
SELECT 1 + i % 200, now() - i * interval '1 second', i % 97
FROM generate_series(1, 200000) AS i;
ANALYZE;
