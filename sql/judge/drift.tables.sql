-- Settings as an operator has accepted them: all others are to have their built-in values.

CREATE TABLE dbops.accepted_settings (
    scope text NOT NULL DEFAULT 'server',
    datname name,
    rolname name,
    name text NOT NULL,
    setting text NOT NULL,
    node text NOT NULL DEFAULT dbops.node_name(),
    accepted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    accepted_by text NOT NULL DEFAULT SESSION_USER,
    note text,
    CONSTRAINT accepted_settings_key UNIQUE NULLS NOT DISTINCT (scope, datname, rolname, name),
    CONSTRAINT accepted_settings_scope_check CHECK (
        CASE scope WHEN 'server' THEN datname IS NULL AND rolname IS NULL
                   WHEN 'all roles' THEN datname IS NULL AND rolname IS NULL
                   WHEN 'database' THEN datname IS NOT NULL AND rolname IS NULL
                   WHEN 'role' THEN datname IS NULL AND rolname IS NOT NULL
                   WHEN 'role in database' THEN datname IS NOT NULL AND rolname IS NOT NULL
                   ELSE false END)
);
COMMENT ON TABLE dbops.accepted_settings IS
    'Settings as they were accepted, by dbops.accept_settings() or by hand: those that are to differ from the built-in values; empty: nothing is compared';
COMMENT ON COLUMN dbops.accepted_settings.scope IS 'server, all roles, database, role, role in database, as in dbops.settings';
COMMENT ON COLUMN dbops.accepted_settings.datname IS 'Database it is set for';
COMMENT ON COLUMN dbops.accepted_settings.rolname IS 'Role it is set for';
COMMENT ON COLUMN dbops.accepted_settings.name IS 'Setting';
COMMENT ON COLUMN dbops.accepted_settings.setting IS 'Value, as dbops.settings shows it';
COMMENT ON COLUMN dbops.accepted_settings.node IS 'Server it was accepted on: on others, what names and places a server may differ';
COMMENT ON COLUMN dbops.accepted_settings.accepted_at IS 'When it was accepted';
COMMENT ON COLUMN dbops.accepted_settings.accepted_by IS 'By whom';
COMMENT ON COLUMN dbops.accepted_settings.note IS 'Why';
REVOKE ALL ON dbops.accepted_settings FROM PUBLIC;
GRANT SELECT ON dbops.accepted_settings TO pg_monitor;
SELECT pg_catalog.pg_extension_config_dump('dbops.accepted_settings', '');
