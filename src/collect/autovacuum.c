/*
 * collect/autovacuum.c
 *		The family "autovacuum": its workers, those that were cancelled, and what waits for it, per
 *		database.
 *
 * A table is overdue when the server would vacuum or analyze it the next time it looks, whether or
 * not autovacuum is on.  Changes since then are in the statistics of all databases; the thresholds,
 * which depend on the table's size and options, come from the last visit to its database.  So only
 * the sampler knows, and not before it has read the whole database once: until then it is NULL.
 */
#include "postgres.h"

#include "access/multixact.h"
#include "access/transam.h"
#include "postmaster/autovacuum.h"
#include "storage/proc.h"
#include "storage/procarray.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/dictionary.h"
#include "collect/pgstat_scan.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/compat_statistics.h"
#include "core/databases.h"
#include "store/frame.h"
#include "track/errors.h"

enum
{
	AUTOVACUUM_WORKERS,
	AUTOVACUUM_WRAPAROUND_WORKERS,
	AUTOVACUUM_OLDEST_RUN_MS,
	AUTOVACUUM_CANCELLED,
	AUTOVACUUM_TABLES_OVERDUE,
	AUTOVACUUM_VACUUM_OVERDUE,
	AUTOVACUUM_INSERT_VACUUM_OVERDUE,
	AUTOVACUUM_ANALYZE_OVERDUE,
	AUTOVACUUM_WRAPAROUND_OVERDUE,
	AUTOVACUUM_WORST_RELID,
	AUTOVACUUM_WORST_RATIO,
	AUTOVACUUM_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("OID of the database; 0 for shared catalogs"),
};

static const Metric metrics[] = {
    [AUTOVACUUM_WORKERS] = GAUGE(1, "workers", "", ROLLUP_MAX, "Autovacuum workers in it"),
    [AUTOVACUUM_WRAPAROUND_WORKERS] =
        GAUGE(2, "wraparound_workers", "", ROLLUP_MAX,
              "Those that prevent wraparound, and do not give way to locks"),
    [AUTOVACUUM_OLDEST_RUN_MS] =
        AGE_MS(3, "oldest_run_ms", "Longest time one has worked on its table"),
    [AUTOVACUUM_CANCELLED] =
        COUNT(4, "cancelled", "Runs that were cancelled as somebody wanted a lock"),
    [AUTOVACUUM_TABLES_OVERDUE] = GAUGE_OF_SAMPLER(5, "tables_overdue", "", 0, ROLLUP_MAX,
                                                   "Tables that autovacuum should work on"),
    [AUTOVACUUM_VACUUM_OVERDUE] =
        GAUGE_OF_SAMPLER(6, "vacuum_overdue", "", 0, ROLLUP_MAX, "Those with too many dead rows"),
    [AUTOVACUUM_INSERT_VACUUM_OVERDUE] = GAUGE_OF_SAMPLER(
        7, "insert_vacuum_overdue", "", 0, ROLLUP_MAX, "Those with many rows inserted"),
    [AUTOVACUUM_ANALYZE_OVERDUE] = GAUGE_OF_SAMPLER(8, "analyze_overdue", "", 0, ROLLUP_MAX,
                                                    "Those with outdated planner statistics"),
    [AUTOVACUUM_WRAPAROUND_OVERDUE] = GAUGE_OF_SAMPLER(
        9, "wraparound_overdue", "", 0, ROLLUP_MAX, "Those older than autovacuum_freeze_max_age"),
    [AUTOVACUUM_WORST_RELID] =
        GAUGE_OF_SAMPLER(10, "worst_relid", "", 0, ROLLUP_LAST,
                         "OID of the table most beyond its threshold; 0 if none"),
    [AUTOVACUUM_WORST_RATIO] =
        GAUGE_OF_SAMPLER(11, "worst_ratio", "ratio", 0.01, ROLLUP_MAX,
                         "How many times its threshold that table has changed"),
};

/* Values of one database. */
typedef struct Subject
{
	Oid datid;
	int64 values[AUTOVACUUM_NMETRICS];
} Subject;

typedef struct Subjects
{
	int count;
	Subject *items; /* by datid */
	TransactionId next_xid;
	MultiXactId next_mxid;
} Subjects;

/* What decides over a table: changes in the statistics, a threshold, and what then is overdue. */
typedef struct Criterion
{
	int changes;   /* place in the statistics */
	int threshold; /* place in Inspected */
	int metric;
} Criterion;

static const Criterion criteria[] = {
    {DBOPS_TABLE_DEAD_TUPLES, offsetof(Inspected, vacuum_threshold), AUTOVACUUM_VACUUM_OVERDUE},
    {DBOPS_TABLE_INS_SINCE_VACUUM, offsetof(Inspected, insert_threshold),
     AUTOVACUUM_INSERT_VACUUM_OVERDUE},
    {DBOPS_TABLE_MOD_SINCE_ANALYZE, offsetof(Inspected, analyze_threshold),
     AUTOVACUUM_ANALYZE_OVERDUE},
};

static int
compare_subjects(const void *a, const void *b)
{
	Oid x = ((const Subject *) a)->datid;
	Oid y = ((const Subject *) b)->datid;

	return x == y ? 0 : x < y ? -1 : 1;
}

static Subject *
find_subject(const Subjects *subjects, Oid datid)
{
	const Subject wanted = {.datid = datid};

	return bsearch(&wanted, subjects->items, subjects->count, sizeof(Subject), compare_subjects);
}

static void
add_subject(Subjects *subjects, Oid datid)
{
	Subject *subject = &subjects->items[subjects->count++];

	memset(subject, 0, sizeof(*subject));
	subject->datid = datid;
	if (dbops_dictionary_is_whole(datid))
		return;
	for (int m = AUTOVACUUM_TABLES_OVERDUE; m < AUTOVACUUM_NMETRICS; m++)
		subject->values[m] = FAMILY_NULL;
}

static Subjects
list_subjects(void)
{
	List *databases = dbops_databases_list();
	Subjects subjects = {.next_xid = ReadNextTransactionId(), .next_mxid = ReadNextMultiXactId()};
	ListCell *cell;

	subjects.items = palloc(sizeof(Subject) * (list_length(databases) + 1));
	add_subject(&subjects, InvalidOid);
	foreach (cell, databases)
		add_subject(&subjects, ((const Database *) lfirst(cell))->oid);
	qsort(subjects.items, subjects.count, sizeof(Subject), compare_subjects);
	return subjects;
}

static void
count_worker(const Subjects *subjects, const PgBackendStatus *status, TimestampTz now)
{
	Subject *subject = find_subject(subjects, status->st_databaseid);
	const PGPROC *proc = BackendPidGetProc(status->st_procpid);
	int64 *oldest;

	if (subject == NULL)
		return;
	oldest = &subject->values[AUTOVACUUM_OLDEST_RUN_MS];
	subject->values[AUTOVACUUM_WORKERS]++;
	if (proc != NULL && (proc->statusFlags & PROC_VACUUM_FOR_WRAPAROUND) != 0)
		subject->values[AUTOVACUUM_WRAPAROUND_WORKERS]++;
	if (status->st_activity_start_timestamp != 0)
		*oldest = Max(*oldest, now - status->st_activity_start_timestamp);
}

static void
count_workers(const Subjects *subjects)
{
	int nbackends = pgstat_fetch_stat_numbackends();
	TimestampTz now = dbops_clock_now();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local != NULL && local->backendStatus.st_backendType == B_AUTOVAC_WORKER)
			count_worker(subjects, &local->backendStatus, now);
	}
}

static void
count_cancelled(const Subjects *subjects)
{
	uint32 position = 0;
	ErrorCopy error;

	while (dbops_errors_next(&position, &error))
	{
		Subject *subject =
		    error.kind == ERROR_KIND_AUTOVACUUM ? find_subject(subjects, error.key.datid) : NULL;

		if (subject != NULL)
			subject->values[AUTOVACUUM_CANCELLED] += error.count;
	}
}

/* Keeps the table that is most beyond a threshold; a threshold of 0 counts as 1. */
static void
note_ratio(Subject *subject, Oid relid, double changes, double threshold)
{
	int64 ratio = (int64) Min(changes / Max(threshold, 1) * 100, 1e15);

	if (ratio <= subject->values[AUTOVACUUM_WORST_RATIO])
		return;
	subject->values[AUTOVACUUM_WORST_RATIO] = ratio;
	subject->values[AUTOVACUUM_WORST_RELID] = relid;
}

static bool
is_old(const Subjects *subjects, const Inspected *seen)
{
	return (TransactionIdIsNormal(seen->frozen_xid) &&
	        (int32) (subjects->next_xid - seen->frozen_xid) > autovacuum_freeze_max_age) ||
	       (MultiXactIdIsValid(seen->min_mxid) &&
	        (int32) (subjects->next_mxid - seen->min_mxid) > autovacuum_multixact_freeze_max_age);
}

static void
judge_changes(const Subjects *subjects, const RelationStats *relation)
{
	const DictionaryEntry *entry = dbops_dictionary_lookup(relation->datid, relation->relid);
	Subject *subject = find_subject(subjects, relation->datid);
	bool overdue = false;

	if (subject == NULL || entry == NULL || !entry->known ||
	    subject->values[AUTOVACUUM_TABLES_OVERDUE] == FAMILY_NULL)
		return;
	for (int i = 0; i < lengthof(criteria); i++)
	{
		float4 threshold = *(const float4 *) ((const char *) &entry->seen + criteria[i].threshold);
		int64 changes;

		memcpy(&changes, (const char *) &relation->stats + criteria[i].changes, sizeof(changes));
		if (threshold < 0 || changes <= threshold)
			continue;
		overdue = true;
		subject->values[criteria[i].metric]++;
		note_ratio(subject, relation->relid, (double) changes, threshold);
	}
	if (overdue && !is_old(subjects, &entry->seen))
		subject->values[AUTOVACUUM_TABLES_OVERDUE]++;
}

static void
judge_age(DictionaryEntry *entry, void *arg)
{
	const Subjects *subjects = arg;
	Subject *subject;

	if (!is_old(subjects, &entry->seen))
		return;
	subject = find_subject(subjects, entry->key.datid);
	if (subject == NULL || subject->values[AUTOVACUUM_TABLES_OVERDUE] == FAMILY_NULL)
		return;
	subject->values[AUTOVACUUM_WRAPAROUND_OVERDUE]++;
	subject->values[AUTOVACUUM_TABLES_OVERDUE]++;
}

/* Only the sampler knows what visits found: elsewhere there is nothing to judge tables by. */
static bool
is_any_judged(const Subjects *subjects)
{
	for (int i = 0; i < subjects->count; i++)
	{
		if (subjects->items[i].values[AUTOVACUUM_TABLES_OVERDUE] != FAMILY_NULL)
			return true;
	}
	return false;
}

static void
judge_tables(const Subjects *subjects)
{
	int count;
	const RelationStats *relations = dbops_pgstat_scan_relations(&count);

	for (int i = 0; i < count; i++)
		judge_changes(subjects, &relations[i]);
	dbops_dictionary_walk(judge_age, (void *) subjects);
}

static void
read_autovacuum(Frame *frame)
{
	Subjects subjects = list_subjects();

	count_workers(&subjects);
	count_cancelled(&subjects);
	if (is_any_judged(&subjects))
		judge_tables(&subjects);
	for (int i = 0; i < subjects.count; i++)
	{
		const EntityKey key = {{subjects.items[i].datid}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		memcpy(values, subjects.items[i].values, sizeof(subjects.items[i].values));
	}
}

const Family dbops_family_autovacuum = {
    .id = 30,
    .name = "autovacuum",
    .help = "Autovacuum in each database: workers, cancelled runs, tables that wait for it",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .refresh_hourly = true,
    .read = read_autovacuum,
};
