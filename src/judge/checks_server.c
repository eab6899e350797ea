/*
 * judge/checks_server.c
 *		Checks of the server as a whole: connections, transactions, ids, checkpoints, WAL.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

/* Ids wrap at 2^31; the server refuses new ones 3 million before. */
#define WRAPAROUND 2147483648.0

static bool
share_of_wraparound(const Fact *fact, const char *age, double *percent)
{
	double value;

	if (!dbops_term_get(fact, age, &value))
		return false;
	*percent = 100 * value / WRAPAROUND;
	return true;
}

static bool
xid_share(const Fact *fact, double *value)
{
	return share_of_wraparound(fact, "xid_age", value);
}

static bool
mxid_share(const Fact *fact, double *value)
{
	return share_of_wraparound(fact, "mxid_age", value);
}

static bool
autovacuum_percent(const Fact *fact, double *value)
{
	return dbops_term_percent(fact, "autovacuum_workers", "autovacuum_worker_limit", value);
}

static bool
walsender_percent(const Fact *fact, double *value)
{
	return dbops_term_percent(fact, "walsenders", "walsender_limit", value);
}

static bool
has_walsenders(const Fact *fact)
{
	double value;

	return dbops_term_percent(fact, "walsenders", "walsender_limit", &value);
}

static bool
has_backend_syncs(const Fact *fact)
{
	double value;

	return dbops_term_get(fact, "backend_fsyncs", &value);
}

/* The sampler gives a value every few seconds: what is older was not followed by another. */
static bool
sample_age(const Fact *fact, double *value)
{
	if (fact->sampled_at == 0)
		return false;
	*value = (double) (fact->now - fact->sampled_at) / USECS_PER_SEC;
	return true;
}

static const Check checks[] = {
    {
        .name = "connections",
        .about = "Share of max_connections in use",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "connections_percent",
        .warning = 80,
        .critical = 95,
        .evidence = {"connections", "connection_limit", "active", "idle", "idle_in_transaction"},
        .points = 5,
        .why =
            "When none is left nobody can connect, not even the application that would let go of some",
        .what_to_do = "SELECT * FROM dbops.connections;",
    },
    {
        .name = "worker processes",
        .about = "Share of max_worker_processes in use",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "workers_percent",
        .warning = 90,
        .critical = NO_LIMIT,
        .for_s = 60,
        .evidence = {"workers", "worker_limit", "parallel_workers", "logical_workers"},
        .points = 2,
        .why = "Parallel queries run without help, and replication workers cannot start",
        .what_to_do = "Raise max_worker_processes and restart.",
    },
    {
        .name = "autovacuum workers",
        .about = "Share of autovacuum_max_workers that work",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = autovacuum_percent,
        .unit = "percent",
        .columns = {"autovacuum_workers", "autovacuum_worker_limit"},
        .warning = 100,
        .critical = NO_LIMIT,
        .for_s = 1800,
        .evidence = {"autovacuum_workers", "autovacuum_worker_limit"},
        .points = 3,
        .why = "Tables wait for a worker, and bloat meanwhile",
        .what_to_do =
            "SELECT * FROM dbops.autovacuum; raise autovacuum_vacuum_cost_limit first, then autovacuum_max_workers.",
    },
    {
        .name = "wal senders",
        .about = "Share of max_wal_senders in use",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = walsender_percent,
        .unit = "percent",
        .applies = has_walsenders,
        .columns = {"walsenders", "walsender_limit"},
        .warning = 80,
        .critical = 100,
        .evidence = {"walsenders", "walsender_limit"},
        .points = 2,
        .why = "When none is left no standby and no base backup can connect",
        .what_to_do = "Raise max_wal_senders and restart.",
    },
    {
        .name = "long transaction",
        .about = "Age of the oldest open transaction",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "oldest_transaction_ms",
        .warning = 900000,
        .critical = 7200000,
        .evidence = {"oldest_statement_ms", "oldest_idle_in_transaction_ms", "oldest_xmin_age"},
        .points = 3,
        .why = "VACUUM cannot remove a row that was deleted since it began",
        .what_to_do = "SELECT * FROM dbops.sessions;",
    },
    {
        .name = "long statement",
        .about = "Age of the oldest running statement",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "oldest_statement_ms",
        .warning = 3600000,
        .critical = 43200000,
        .evidence = {"active", "oldest_transaction_ms"},
        .points = 2,
        .why = "It holds its locks and its snapshot as long as it runs",
        .what_to_do = "SELECT * FROM dbops.sessions;",
    },
    {
        .name = "idle in transaction",
        .about = "Longest time that a session idles inside a transaction",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "oldest_idle_in_transaction_ms",
        .warning = 300000,
        .critical = 900000,
        .evidence = {"idle_in_transaction", "idle_in_transaction_aborted"},
        .points = 5,
        .why = "It does nothing, and holds locks and rows that VACUUM cannot remove",
        .what_to_do =
            "SELECT * FROM dbops.sessions; then pg_terminate_backend(pid), and set idle_in_transaction_session_timeout.",
    },
    {
        .name = "lock queue",
        .about = "Processes that wait for a lock",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "lock_waiters",
        .warning = 5,
        .critical = 20,
        .for_s = 10,
        .evidence = {"lock_waiters", "active"},
        .points = 5,
        .why = "Those behind them wait, too, and the queue grows until the connections are used up",
        .what_to_do = "SELECT * FROM dbops.blocking;",
    },
    {
        .name = "prepared transactions",
        .about = "Transactions that were prepared and not ended",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "prepared_transactions",
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 600,
        .evidence = {"prepared_transactions", "oldest_xmin_age"},
        .points = 3,
        .why = "One that was forgotten holds its locks over every restart",
        .what_to_do = "SELECT * FROM pg_prepared_xacts; then COMMIT PREPARED or ROLLBACK PREPARED.",
    },
    {
        .name = "oldest snapshot",
        .about = "Transactions since the oldest that somebody may still need",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "oldest_xmin_age",
        .warning = 5000000,
        .critical = 50000000,
        .evidence = {"oldest_xmin_kind", "oldest_xmin_pid"},
        .points = 5,
        .why = "VACUUM keeps every row that was deleted since then, in all tables",
        .what_to_do = "SELECT * FROM dbops.xmin_holders;",
    },
    {
        .name = "xid wraparound",
        .about = "Share of the transaction ids that are used up before they wrap",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = xid_share,
        .unit = "percent",
        .columns = {"xid_age"},
        .warning = 40,
        .critical = 75,
        .evidence = {"xid_age", "oldest_xmin_age"},
        .points = 10,
        .why = "Before they wrap the server refuses every write",
        .what_to_do =
            "SELECT * FROM dbops.tables ORDER BY xid_age DESC LIMIT 10; then VACUUM (FREEZE) them.",
    },
    {
        .name = "mxid wraparound",
        .about = "Share of the multixact ids that are used up before they wrap",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = mxid_share,
        .unit = "percent",
        .columns = {"mxid_age"},
        .warning = 40,
        .critical = 75,
        .evidence = {"mxid_age"},
        .points = 10,
        .why = "Before they wrap the server refuses every write",
        .what_to_do = "VACUUM (FREEZE) the tables with the oldest relminmxid.",
    },
    {
        .name = "checkpoints forced",
        .about = "Checkpoints in the window that did not wait for checkpoint_timeout",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "checkpoints_requested",
        .warning = 2,
        .critical = 6,
        .evidence = {"checkpoints_requested", "checkpoints_timed", "wal_bytes_per_second"},
        .points = 3,
        .why = "Each makes the next change of every page write the whole page into WAL",
        .what_to_do = "Raise max_wal_size.",
    },
    {
        .name = "backend syncs",
        .about = "Syncs of files that sessions had to do themselves, in the window",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "backend_fsyncs",
        .applies = has_backend_syncs,
        .columns = {"backend_fsyncs"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"backend_buffers"},
        .points = 2,
        .why = "The checkpointer's queue was full, and statements waited for the disk",
        .what_to_do =
            "Raise shared_buffers, or see why the disk is slow: SELECT * FROM dbops.system;",
    },
    {
        .name = "wal volume",
        .about = "WAL generated per second",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .column = "wal_bytes_per_second",
        .warning = 36700160,
        .critical = 209715200,
        .for_s = 300,
        .evidence = {"wal_fpi_per_second", "wal_records_per_second"},
        .points = 3,
        .why = "Archive and standbys must keep up with it",
        .what_to_do = "SELECT * FROM dbops.statements ORDER BY wal_bytes DESC LIMIT 10;",
    },
    {
        .name = "sampler",
        .about = "Time since the sampler last looked at the server",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = sample_age,
        .unit = "seconds",
        .columns = {"connections"},
        .warning = 120,
        .critical = 600,
        .points = 5,
        .why = "What nobody looks at cannot be judged: all other verdicts are old",
        .what_to_do = "SELECT * FROM dbops.status();",
    },
};

const CheckTable dbops_checks_server = CHECK_TABLE(checks);
