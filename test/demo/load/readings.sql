-- Devices report, a dashboard looks.
\set device random(1, 200)
INSERT INTO readings (device_id, value) VALUES (:device, random());
SELECT avg(value), max(value) FROM readings
WHERE device_id = :device AND read_at > now() - interval '1 hour';
