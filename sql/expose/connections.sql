-- Who is connected and who cannot connect, for people.

CREATE VIEW dbops.connections AS
SELECT now.datname,
       now.rolname,
       now.application_name,
       now.client_addr,
       now.connections,
       dbops._rounded(100.0 * now.connections / NULLIF(server.connection_limit, 0), 1) AS limit_percent,
       now.active,
       now.idle,
       now.idle_in_transaction,
       pg_catalog.make_interval(secs => pg_catalog.round(now.oldest_ms / 1000)) AS oldest,
       CASE WHEN now.idle > 0
            THEN pg_catalog.make_interval(secs => pg_catalog.round(now.oldest_idle_ms / 1000)) END AS oldest_idle,
       CASE WHEN now.idle_in_transaction > 0
            THEN pg_catalog.make_interval(secs => pg_catalog.round(now.oldest_idle_in_transaction_ms / 1000)) END
           AS oldest_idle_in_transaction,
       now.datid,
       now.userid
  FROM dbops.connection_now AS now,
       dbops.server_now AS server
 ORDER BY now.connections DESC, now.oldest_idle_in_transaction_ms DESC, now.oldest_idle_ms DESC;

COMMENT ON VIEW dbops.connections IS
    'Client connections by database, role, application and address, the most first, with the share of the connections that all may have';
COMMENT ON COLUMN dbops.connections.limit_percent IS 'Share of the connections that ordinary roles may have in all';
COMMENT ON COLUMN dbops.connections.oldest IS 'For how long the oldest of them has been connected';
COMMENT ON COLUMN dbops.connections.oldest_idle IS 'For how long one of them has been idle, at most; NULL when none is';
COMMENT ON COLUMN dbops.connections.oldest_idle_in_transaction IS 'For how long one of them has been idle in its transaction, at most; NULL when none is';
REVOKE ALL ON dbops.connections FROM PUBLIC;
GRANT SELECT ON dbops.connections TO pg_monitor;

CREATE VIEW dbops.logins AS
SELECT now.reason,
       NULLIF(now.rolname, '') AS rolname,
       NULLIF(now.datname, '') AS datname,
       NULLIF(now.client_addr, '') AS client_addr,
       now.failures,
       now.last_at,
       now.sqlstate,
       what.to_do AS what_to_do
  FROM dbops.login_now AS now
  LEFT JOIN (VALUES
           ('password', 'compare the password of the client with that of the role; many failures from one address are an attack'),
           ('authentication', 'see the server''s log for what the method of pg_hba.conf said'),
           ('no pg_hba entry', 'add a line to pg_hba.conf for this address, database and role, or leave it closed'),
           ('pg_hba reject', 'a line of pg_hba.conf rejects this on purpose: see pg_hba_file_rules'),
           ('unknown role', 'CREATE ROLE, or correct the client'),
           ('role may not log in', 'ALTER ROLE … LOGIN, or correct the client'),
           ('unknown database', 'CREATE DATABASE, or correct the client'),
           ('database closed', 'ALTER DATABASE … ALLOW_CONNECTIONS true, or correct the client'),
           ('no privilege', 'GRANT CONNECT ON DATABASE …, or correct the client'),
           ('too many connections', 'see dbops.connections for who holds them; pool connections, or raise max_connections'),
           ('role''s connection limit', 'see dbops.connections; ALTER ROLE … CONNECTION LIMIT'),
           ('database''s connection limit', 'see dbops.connections; ALTER DATABASE … CONNECTION LIMIT'),
           ('starting up', 'let clients wait and try again'),
           ('shutting down', 'let clients wait and try again'),
           ('encryption', 'compare sslmode and certificates of the client with the server''s'),
           ('protocol', 'somebody who is no client: a port scan, a health check, an old driver'),
           ('timeout', 'the client did not answer within authentication_timeout'),
           ('setting', 'correct the options of the client''s connection string')
       ) AS what(reason, to_do) USING (reason)
 ORDER BY now.failures DESC, now.last_at DESC;

COMMENT ON VIEW dbops.logins IS
    'Failed logins since the server started, the most frequent first; rows without names sum up what found no room, and old ones make room for new ones';
REVOKE ALL ON dbops.logins FROM PUBLIC;
GRANT SELECT ON dbops.logins TO pg_monitor;
