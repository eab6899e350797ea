-- What the gateway tells of itself.

CREATE FUNCTION dbops._gateway_report(listening text, problem text, requests int8, refused int8, failed int8) RETURNS void
    AS 'MODULE_PATHNAME', 'dbops__gateway_report'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops._gateway_report(text, text, int8, int8, int8) IS
    'The gateway reports where it listens, what is in its way, and how many requests it has answered';

REVOKE ALL ON FUNCTION dbops._gateway_report(text, text, int8, int8, int8) FROM PUBLIC;

CREATE FUNCTION dbops._shipping_report(destination text, works boolean, problem text, hint text, refusal text, numbers int8[]) RETURNS void
    AS 'MODULE_PATHNAME', 'dbops__shipping_report'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops._shipping_report(text, boolean, text, text, text, int8[]) IS
    'The gateway of a standby reports how it gets on with shipping samples to the primary';

REVOKE ALL ON FUNCTION dbops._shipping_report(text, boolean, text, text, text, int8[]) FROM PUBLIC;
