/*
 * judge/checks_replication.c
 *		Checks of replication: standbys, what a standby receives and replays, slots, subscriptions.
 *
 * A standby is checked on both sides, as either may be the one that is alive.  dbops.replication
 * tells more about each than a limit can.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

#define GB (1024.0 * 1024 * 1024)

static bool
has_word(const Fact *fact, const char *column, const char *word)
{
	const char *found = dbops_term_word(fact, dbops_term_resolve(fact->family, column));

	return found != NULL && strcmp(found, word) == 0;
}

static bool
seconds_of(const Fact *fact, const char *column, double *value)
{
	if (!dbops_term_get(fact, column, value))
		return false;
	*value /= 1000;
	return true;
}

static bool
receiver_lag(const Fact *fact, double *value)
{
	return seconds_of(fact, "behind_ms", value);
}

static bool
is_no_backup(const Fact *fact)
{
	return !has_word(fact, "state", "backup");
}

static bool
own_lag(const Fact *fact, double *value)
{
	return seconds_of(fact, "replay_lag_ms", value);
}

static bool
own_silence(const Fact *fact, double *value)
{
	return seconds_of(fact, "last_msg_age_ms", value);
}

/* From the archive alone nothing is ever heard. */
static bool
receives(const Fact *fact)
{
	double value;

	return own_silence(fact, &value);
}

static bool
is_paused(const Fact *fact, double *value)
{
	*value = has_word(fact, "pause_state", "not paused") ? 0 : 1;
	return true;
}

static bool
is_held_up(const Fact *fact, double *value)
{
	const char *word = dbops_term_word(fact, dbops_term_resolve(fact->family, "waits_for"));

	*value = word != NULL && strncmp(word, "conflict: ", strlen("conflict: ")) == 0;
	return true;
}

static bool
lacks_candidates(const Fact *fact, double *value)
{
	double required;
	double candidates;

	if (!dbops_term_get(fact, "sync_required", &required) ||
	    !dbops_term_get(fact, "sync_candidates", &candidates))
		return false;
	*value = Max(0, required - candidates);
	return true;
}

static bool
is_synchronous(const Fact *fact)
{
	double required;

	return dbops_term_get(fact, "sync_required", &required) && required > 0;
}

/* 1 for one that the next checkpoint may take the WAL of, 2 for one it was taken of. */
static bool
slot_danger(const Fact *fact, double *value)
{
	*value = has_word(fact, "wal_status", "lost")       ? 2 :
	         has_word(fact, "wal_status", "unreserved") ? 1 :
	                                                      0;
	return true;
}

/* One that is copied from a primary is for later. */
static bool
is_unused(const Fact *fact)
{
	double active;
	double synced;

	return dbops_term_get(fact, "active", &active) && active == 0 &&
	       !(dbops_term_get(fact, "synced", &synced) && synced == 1);
}

static bool
lacks_worker(const Fact *fact, double *value)
{
	double pid;

	*value = dbops_term_get(fact, "pid", &pid) ? 0 : 1;
	return true;
}

static bool
is_enabled(const Fact *fact)
{
	double enabled;

	return dbops_term_get(fact, "enabled", &enabled) && enabled == 1;
}

static bool
subscription_errors(const Fact *fact, double *value)
{
	static const char *const errors[] = {"apply_error_count", "sync_error_count", NULL};

	return dbops_term_sum(fact, errors, value);
}

static const Check checks[] = {
    {
        .name = "replication lag",
        .about = "For how long there has been WAL that a standby or consumer has not replayed",
        .family = &dbops_family_replication,
        .scope = SCOPE_OBJECT,
        .value = receiver_lag,
        .unit = "seconds",
        .applies = is_no_backup,
        .columns = {"behind_ms", "state"},
        .warning = 60,
        .critical = 600,
        .evidence = {"state", "sent_lag_bytes", "flush_lag_bytes", "replay_lag_bytes",
                     "reply_age_ms"},
        .points = 5,
        .why =
            "Reads there are that old, and that much is lost or must be replayed first when it takes over",
        .what_to_do = "SELECT * FROM dbops.replication;",
    },
    {
        .name = "standby lag",
        .about =
            "For how long there has been WAL that this standby has not replayed, or may have been",
        .family = &dbops_family_recovery,
        .scope = SCOPE_CLUSTER,
        .value = own_lag,
        .unit = "seconds",
        .columns = {"replay_lag_ms"},
        .warning = 60,
        .critical = 600,
        .evidence = {"replay_lag_bytes", "pause_state", "waits_for", "last_xact_replay_time"},
        .points = 5,
        .why =
            "Reads here are that old, and that much is lost or must be replayed first when it takes over",
        .what_to_do = "SELECT * FROM dbops.replication;",
    },
    {
        .name = "standby connection",
        .about = "Time since this standby last heard of the server it receives from",
        .family = &dbops_family_receiver,
        .scope = SCOPE_CLUSTER,
        .value = own_silence,
        .unit = "seconds",
        .applies = receives,
        .columns = {"last_msg_age_ms"},
        .warning = 60,
        .critical = 300,
        .evidence = {"status", "last_msg_receipt_time", "missing_bytes"},
        .points = 5,
        .why =
            "Nobody knows how far behind it is, and what is written meanwhile may be nowhere else",
        .what_to_do = "SELECT * FROM dbops.replication; the log says why it does not connect.",
    },
    {
        .name = "replay paused",
        .about = "Whether replay on this standby is paused",
        .family = &dbops_family_recovery,
        .scope = SCOPE_CLUSTER,
        .value = is_paused,
        .unit = UNIT_OF_FLAG,
        .columns = {"pause_state"},
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 300,
        .evidence = {"pause_state", "replay_lag_bytes"},
        .points = 3,
        .why = "It falls behind until somebody resumes replay",
        .what_to_do = "SELECT pg_wal_replay_resume();",
    },
    {
        .name = "replay held up",
        .about = "Whether replay on this standby waits for a session that reads",
        .family = &dbops_family_recovery,
        .scope = SCOPE_CLUSTER,
        .value = is_held_up,
        .unit = UNIT_OF_FLAG,
        .columns = {"waits_for"},
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 60,
        .evidence = {"waits_for", "replay_lag_bytes"},
        .points = 3,
        .why = "It falls behind until that session ends, or max_standby_streaming_delay ends it",
        .what_to_do =
            "SELECT cause, conflict_pid, conflict_query, what_to_do FROM dbops.replication;",
    },
    {
        .name = "synchronous standbys",
        .about = "Standbys missing to what synchronous_standby_names asks for",
        .family = &dbops_family_server,
        .scope = SCOPE_CLUSTER,
        .value = lacks_candidates,
        .unit = "",
        .applies = is_synchronous,
        .columns = {"sync_required", "sync_candidates"},
        .warning = NO_LIMIT,
        .critical = 1,
        .evidence = {"sync_required", "sync_candidates"},
        .points = 10,
        .why = "Every commit that waits for a standby hangs",
        .what_to_do =
            "SELECT * FROM dbops.replication; start the standby, or take it out of synchronous_standby_names.",
    },
    {
        .name = "slots in danger",
        .about = "Slots whose WAL may be removed (1) or is (2)",
        .family = &dbops_family_slot,
        .scope = SCOPE_OBJECT,
        .value = slot_danger,
        .unit = "",
        .columns = {"wal_status"},
        .warning = 1,
        .critical = 2,
        .evidence = {"wal_status", "active", "restart_lag_bytes", "safe_wal_size"},
        .points = 5,
        .why = "Whoever uses it has to be set up anew, unless the archive has that WAL",
        .what_to_do = "SELECT * FROM dbops.slots;",
    },
    {
        .name = "unused slots",
        .about = "WAL kept for a slot that nobody is connected to",
        .family = &dbops_family_slot,
        .scope = SCOPE_OBJECT,
        .column = "restart_lag_bytes",
        .applies = is_unused,
        .columns = {"active", "synced"},
        .warning = 1 * GB,
        .critical = 10 * GB,
        .evidence = {"wal_status", "safe_wal_size", "xmin_age", "catalog_xmin_age"},
        .points = 5,
        .why = "It keeps WAL until the disk is full, and dead rows from VACUUM",
        .what_to_do = "SELECT * FROM dbops.slots; start its receiver or drop the slot.",
    },
    {
        .name = "subscriptions not running",
        .about = "Enabled subscriptions that no worker applies",
        .family = &dbops_family_subscription,
        .scope = SCOPE_OBJECT,
        .value = lacks_worker,
        .unit = UNIT_OF_FLAG,
        .applies = is_enabled,
        .columns = {"pid", "enabled"},
        .warning = NO_LIMIT,
        .critical = 1,
        .for_s = 120,
        .evidence = {"apply_error_count", "sync_error_count"},
        .points = 5,
        .why = "Its tables get older, and the publisher keeps WAL for it until its disk is full",
        .what_to_do = "See the log for errors of its worker, and max_logical_replication_workers.",
    },
    {
        .name = "subscription errors",
        .about = "Errors of a subscription's workers, in the window",
        .family = &dbops_family_subscription,
        .scope = SCOPE_OBJECT,
        .value = subscription_errors,
        .unit = "",
        .columns = {"apply_error_count", "sync_error_count"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"apply_error_count", "sync_error_count", "enabled"},
        .points = 3,
        .why =
            "A change that cannot be applied is tried again and again, and nothing after it arrives",
        .what_to_do =
            "See the log; then mend the row that conflicts, or ALTER SUBSCRIPTION … SKIP.",
    },
};

const CheckTable dbops_checks_replication = CHECK_TABLE(checks);
