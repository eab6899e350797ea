-- What roles and databases set that plans depend on.

CREATE FUNCTION dbops._role_planning(
    datid oid,
    roleid oid,
    OUT name text,
    OUT setting text)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__role_planning'
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION dbops._role_planning(oid, oid) IS
    'Settings of ALTER ROLE and ALTER DATABASE for a role in a database on which plans depend, each with the value that wins';
REVOKE ALL ON FUNCTION dbops._role_planning(oid, oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._role_planning(oid, oid) TO pg_monitor;
