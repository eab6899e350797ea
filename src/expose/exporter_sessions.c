/*
 * expose/exporter_sessions.c
 *		Sessions and locks by the names that postgres_exporter has for them; see
 *		exporter_sessions.h.
 */
#include "postgres.h"

#include "postmaster/bgworker.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"
#include "utils/wait_event.h"

#include "collect/collectors.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/databases.h"
#include "expose/exporter_sessions.h"
#include "expose/labelled.h"
#include "store/frame.h"
#include "store/registry.h"

/* In the order of BackendState, as pg_stat_activity has them. */
static const char *const states[] = {
    NULL,
    "active",
    "idle",
    "idle in transaction",
    "fastpath function call",
    "idle in transaction (aborted)",
    "disabled",
};

/* Bounds of pg_process_idle_seconds. */
static const double idle_bounds[] = {1, 2, 5, 15, 30, 60, 90, 120, 300};

/* 18 put a state before those that are shown: one that is starting. */
static const char *
word_of_state(BackendState state)
{
	switch (state)
	{
		case STATE_RUNNING:
			return states[1];
		case STATE_IDLE:
			return states[2];
		case STATE_IDLEINTRANSACTION:
			return states[3];
		case STATE_FASTPATH:
			return states[4];
		case STATE_IDLEINTRANSACTION_ABORTED:
			return states[5];
		case STATE_DISABLED:
			return states[6];
		default:
			return NULL;
	}
}

static const char *
name_of(Names *names, NameClass class, Oid oid)
{
	const char *name =
	    OidIsValid(oid) ? dbops_names_lookup(names, class, InvalidOid, oid)->objname : NULL;

	return name == NULL ? "" : name;
}

/* The next session that has a database; NULL at the end. */
static const PgBackendStatus *
next_session(int *place)
{
	int count = pgstat_fetch_stat_numbackends();

	while (++*place <= count)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(*place);

		if (local != NULL && local->backendStatus.st_procpid > 0 &&
		    OidIsValid(local->backendStatus.st_databaseid))
			return &local->backendStatus;
	}
	return NULL;
}

static const char *
word_of_type(const PgBackendStatus *status)
{
	const char *type = NULL;

	if (status->st_backendType == B_BG_WORKER)
		type = GetBackgroundWorkerTypeByPid(status->st_procpid);
	return type == NULL ? GetBackendTypeDesc(status->st_backendType) : type;
}

static void
label_activity(StringInfo labels, Names *names, const PgBackendStatus *status)
{
	const PGPROC *proc = BackendPidGetProc(status->st_procpid);
	uint32 wait = proc == NULL ? 0 : *(volatile const uint32 *) &proc->wait_event_info;
	const char *type = pgstat_get_wait_event_type(wait);
	const char *event = pgstat_get_wait_event(wait);

	dbops_exposition_label(labels, "datname", name_of(names, NAME_DATABASE, status->st_databaseid));
	dbops_exposition_label(labels, "state", word_of_state(status->st_state));
	dbops_exposition_label(labels, "usename", name_of(names, NAME_ROLE, status->st_userid));
	dbops_exposition_label(labels, "application_name", status->st_appname);
	dbops_exposition_label(labels, "backend_type", word_of_type(status));
	dbops_exposition_label(labels, "wait_event_type", type == NULL ? "" : type);
	dbops_exposition_label(labels, "wait_event", event == NULL ? "" : event);
}

/* States that no session of a database is in count 0. */
static void
add_nobody(Labelled *activity)
{
	ListCell *lc;

	foreach (lc, dbops_databases_list())
	{
		for (int i = 0; i < lengthof(states); i++)
		{
			LabelledRow *row;

			if (states[i] == NULL)
				continue;
			row = dbops_labelled_add(activity);
			dbops_exposition_label(&row->labels, "datname",
			                       NameStr(((Database *) lfirst(lc))->name));
			dbops_exposition_label(&row->labels, "state", states[i]);
		}
	}
}

static double
seconds_since(TimestampTz at)
{
	return at == 0 ? 0 : Max(dbops_clock_now() - at, 0) / (double) USECS_PER_SEC;
}

void
dbops_exporter_activity(Exposition *exposition, Names *names)
{
	Labelled activity = {0};
	const PgBackendStatus *status;
	int place = 0;

	while ((status = next_session(&place)) != NULL)
	{
		LabelledRow *row;

		if (word_of_state(status->st_state) == NULL)
			continue;
		row = dbops_labelled_add(&activity);
		label_activity(&row->labels, names, status);
		row->numbers[0] = 1;
		row->numbers[1] = seconds_since(status->st_xact_start_timestamp);
	}
	add_nobody(&activity);
	dbops_labelled_merge(&activity);
	dbops_exposition_metric(exposition, "pg_stat_activity_count", EXPOSED_GAUGE,
	                        "Sessions in this state");
	dbops_labelled_write(&activity, exposition, 0);
	dbops_exposition_metric(exposition, "pg_stat_activity_max_tx_duration", EXPOSED_GAUGE,
	                        "Longest time that a transaction of them has been open, in seconds");
	dbops_labelled_write(&activity, exposition, 1);
}

typedef struct Idle
{
	StringInfoData labels;
	double seconds;
} Idle;

static int
compare_idle(const void *a, const void *b)
{
	return strcmp(((const Idle *) a)->labels.data, ((const Idle *) b)->labels.data);
}

static void
write_idle(Exposition *exposition, const Idle *idle, int n)
{
	int64 counts[lengthof(idle_bounds) + 1] = {0};
	ExposedHistogram histogram = {
	    .bounds = idle_bounds, .counts = counts, .nbounds = lengthof(idle_bounds)};

	for (int i = 0; i < n; i++)
	{
		for (int bound = 0; bound < lengthof(idle_bounds); bound++)
			counts[bound] += idle[i].seconds <= idle_bounds[bound];
		counts[lengthof(idle_bounds)]++;
		histogram.sum += idle[i].seconds;
	}
	dbops_exposition_histogram(exposition, &idle->labels, &histogram);
}

static bool
is_idle(const PgBackendStatus *status)
{
	return status->st_state == STATE_IDLE || status->st_state == STATE_IDLEINTRANSACTION ||
	       status->st_state == STATE_IDLEINTRANSACTION_ABORTED;
}

static int
find_idle(Idle *idle)
{
	const PgBackendStatus *status;
	int place = 0;
	int n = 0;

	while ((status = next_session(&place)) != NULL)
	{
		if (!is_idle(status))
			continue;
		initStringInfo(&idle[n].labels);
		dbops_exposition_label(&idle[n].labels, "state", word_of_state(status->st_state));
		dbops_exposition_label(&idle[n].labels, "application_name", status->st_appname);
		idle[n++].seconds = seconds_since(status->st_state_start_timestamp);
	}
	return n;
}

static void
write_idle_sessions(Exposition *exposition)
{
	Idle *idle = palloc(sizeof(Idle) * Max(pgstat_fetch_stat_numbackends(), 1));
	int n = find_idle(idle);
	int first = 0;

	if (n == 0)
		return;
	qsort(idle, n, sizeof(Idle), compare_idle);
	dbops_exposition_metric(exposition, "pg_process_idle_seconds", EXPOSED_HISTOGRAM,
	                        "How long idle sessions have been idle");
	for (int i = 1; i <= n; i++)
	{
		if (i < n && compare_idle(&idle[first], &idle[i]) == 0)
			continue;
		write_idle(exposition, &idle[first], i - first);
		first = i;
	}
}

/* A transaction is long from a minute on, as in that exporter. */
#define LONG_SECONDS 60

static void
write_long_transactions(Exposition *exposition)
{
	const PgBackendStatus *status;
	int place = 0;
	int count = 0;
	double longest = 0;

	while ((status = next_session(&place)) != NULL)
	{
		double seconds = seconds_since(status->st_xact_start_timestamp);

		count += seconds >= LONG_SECONDS;
		longest = Max(longest, seconds);
	}
	dbops_exposition_metric(exposition, "pg_long_running_transactions", EXPOSED_GAUGE,
	                        "Transactions open for a minute or more");
	dbops_exposition_integer(exposition, NULL, count);
	dbops_exposition_metric(exposition, "pg_long_running_transactions_oldest_timestamp_seconds",
	                        EXPOSED_GAUGE,
	                        "How long the oldest transaction has been open, in seconds");
	dbops_exposition_number(exposition, NULL, longest);
}

void
dbops_exporter_idle(Exposition *exposition, Names *names)
{
	write_idle_sessions(exposition);
	write_long_transactions(exposition);
}

/* "accesssharelock" for AccessShareLock. */
static char *
small_letters(const char *word)
{
	char *small = pstrdup(word);

	for (char *c = small; *c != '\0'; c++)
		*c = pg_ascii_tolower((unsigned char) *c);
	return small;
}

static void
label_lock(StringInfo labels, const char *datname, const char *mode)
{
	dbops_exposition_label(labels, "datname", datname);
	dbops_exposition_label(labels, "mode", small_letters(mode));
}

static void
add_no_locks(Labelled *locks, const char *const *modes)
{
	ListCell *lc;

	foreach (lc, dbops_databases_list())
	{
		for (int mode = AccessShareLock; modes[mode] != NULL; mode++)
			label_lock(&dbops_labelled_add(locks)->labels, NameStr(((Database *) lfirst(lc))->name),
			           modes[mode]);
		label_lock(&dbops_labelled_add(locks)->labels, NameStr(((Database *) lfirst(lc))->name),
		           "SIReadLock");
	}
}

void
dbops_exporter_locks(Exposition *exposition, Names *names)
{
	const Family *family = &dbops_family_lock;
	Frame *frame = dbops_frame_create(family);
	const char *const *modes = family->labels[2].words;
	const int granted = dbops_family_metric(family, "granted");
	const int waiting = dbops_family_metric(family, "waiting");
	Labelled locks = {0};

	family->read(frame);
	for (int i = 0; i < frame->nrows; i++)
	{
		const int64 *values = dbops_frame_row(frame, i);
		LabelledRow *row;

		if (frame->keys[i].num[0] == 0)
			continue;
		row = dbops_labelled_add(&locks);
		label_lock(&row->labels, name_of(names, NAME_DATABASE, (Oid) frame->keys[i].num[0]),
		           modes[frame->keys[i].num[2]]);
		row->numbers[0] = (double) values[granted] + (double) values[waiting];
	}
	add_no_locks(&locks, modes);
	dbops_labelled_merge(&locks);
	dbops_exposition_metric(exposition, "pg_locks_count", EXPOSED_GAUGE,
	                        "Locks held and waited for");
	dbops_labelled_write(&locks, exposition, 0);
}
