-- Samples of a standby, as its gateway takes them to the primary.

CREATE FUNCTION dbops._ticks_to_ship(
    after int8,
    OUT node text,
    OUT system_identifier int8,
    OUT boot int8,
    OUT clock_us int8,
    OUT seq int8[],
    OUT at_us int8[],
    OUT covers_us int8[],
    OUT family int2[],
    OUT flags int2[],
    OUT data bytea[],
    OUT ticks int4,
    OUT more boolean,
    OUT missed int8
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dbops__ticks_to_ship';
COMMENT ON FUNCTION dbops._ticks_to_ship(int8) IS
    'Samples in memory after a number, in the form of dbops.receive_ticks(), a bounded amount, with how many of them, whether there are more, and how many are gone; of a quiet time none before they are worth it';
REVOKE ALL ON FUNCTION dbops._ticks_to_ship(int8) FROM PUBLIC;
