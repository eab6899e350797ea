-- The name of this server.

CREATE FUNCTION dbops.node_name() RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_node_name_sql'
    LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION dbops.node_name() IS
    'Name of this server in the node column of every history: dbops.node_name, else host name and port';

REVOKE ALL ON FUNCTION dbops.node_name() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.node_name() TO pg_monitor;
