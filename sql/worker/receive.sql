-- Ticks of standbys, as the primary takes them.

CREATE FUNCTION dbops.receive_ticks(
    node text,
    system_identifier int8,
    boot int8,
    clock_us int8,
    seq int8[],
    at_us int8[],
    covers_us int8[],
    family int2[],
    flags int2[],
    data bytea[],
    OUT stored_seq int8,
    OUT stored int4,
    OUT refused int4,
    OUT refusal_sqlstate text,
    OUT refusal text,
    OUT hint text,
    OUT clock_ahead_us int8
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'dbops_receive_ticks';
COMMENT ON FUNCTION
    dbops.receive_ticks(text, int8, int8, int8, int8[], int8[], int8[], int2[], int2[], bytea[]) IS
    'Takes samples of a standby, whose gateway calls it; without any it tells how far they are here. What cannot be read is refused alone. EXECUTE is for the role of dbops.primary_conninfo';
REVOKE ALL ON FUNCTION
    dbops.receive_ticks(text, int8, int8, int8, int8[], int8[], int8[], int2[], int2[], bytea[])
    FROM PUBLIC;

CREATE VIEW dbops.shippers AS
SELECT n.name AS node,
       s.received_at,
       s.at AS last_sample_at,
       s.ticks,
       s.refused,
       s.refusal AS last_refusal,
       s.clock_ahead_us * interval '1 microsecond' AS clock_ahead
  FROM dbops.shipper AS s
  JOIN dbops.node AS n ON n.id = s.node
 ORDER BY n.name;
COMMENT ON VIEW dbops.shippers IS
    'Standbys that ship their samples here, as dbops.primary_conninfo makes them';
COMMENT ON COLUMN dbops.shippers.node IS 'The standby, as in the column node of each history';
COMMENT ON COLUMN dbops.shippers.received_at IS 'When it last delivered, by the clock of the primary';
COMMENT ON COLUMN dbops.shippers.last_sample_at IS 'When the last sample delivered was taken, by its own clock';
COMMENT ON COLUMN dbops.shippers.ticks IS 'Samples taken in, each of one family';
COMMENT ON COLUMN dbops.shippers.refused IS 'Samples refused';
COMMENT ON COLUMN dbops.shippers.last_refusal IS 'Why the last of those was';
COMMENT ON COLUMN dbops.shippers.clock_ahead IS 'How far its clock is ahead of the primary''s; negative: behind';
REVOKE ALL ON dbops.shippers FROM PUBLIC;
GRANT SELECT ON dbops.shippers TO pg_monitor;
