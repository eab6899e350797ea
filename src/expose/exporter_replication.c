/*
 * expose/exporter_replication.c
 *		Replication, archiving and VACUUM by postgres_exporter's names; see exporter_replication.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "commands/progress.h"
#include "replication/walreceiver.h"
#include "utils/backend_status.h"

#include "collect/collectors.h"
#include "collect/wal_position.h"
#include "core/clock.h"
#include "core/compat.h"
#include "core/compat_activity.h"
#include "expose/exporter_replication.h"
#include "expose/metric_group.h"
#include "store/registry.h"

static double
seconds_since(TimestampTz at)
{
	return Max(dbops_clock_now() - at, 0) / (double) USECS_PER_SEC;
}

/* ---- replication ---------------------------------------------------------------------------- */

static double
find_lag(void)
{
	TimestampTz replayed_at;

	if (!RecoveryInProgress() || GetWalRcvFlushRecPtr(NULL, NULL) == GetXLogReplayRecPtr(NULL))
		return 0;
	replayed_at = GetLatestXTime();
	return replayed_at == 0 ? 0 : seconds_since(replayed_at);
}

static double
find_replay_age(void)
{
	TimestampTz replayed_at = RecoveryInProgress() ? GetLatestXTime() : 0;

	return replayed_at == 0 ? 0 : seconds_since(replayed_at);
}

/* The slot's and receiver's own positions make room for that of the server. */
static const GroupLabel slot_labels[] = {{"slot_name", "slot_name"}, {"slot_type", "slot_type"}};
static const GroupMetric slot_metrics[] = {
    SHOW_GAUGE("pg_replication_slots_slot_current_wal_lsn", "restart_lsn",
               .help = "Position of the WAL that is written, as a number"),
    SHOW_GAUGE("pg_replication_slot_slot_current_wal_lsn", "restart_lsn",
               .help = "Position of the WAL that is written, as a number"),
};
static const MetricGroup slots = {
    .family = "slot", GROUP_LABELS(slot_labels), GROUP_METRICS(slot_metrics)};

static const GroupLabel receiver_labels[] = {{"application_name", "application_name"},
                                             {"client_addr", "client_addr"},
                                             {"state", "state"},
                                             {"slot_name", "slot_name"}};
static const GroupMetric receiver_metrics[] = {
    SHOW_GAUGE("pg_stat_replication_pg_current_wal_lsn_bytes", "sent_lsn",
               .help = "Position of the WAL that is written, as a number"),
};
static const MetricGroup receivers = {
    .family = "replication", GROUP_LABELS(receiver_labels), GROUP_METRICS(receiver_metrics)};

static void
write_positions(Exposition *exposition, const MetricGroup *group, Names *names)
{
	const Family *family = dbops_registry_by_name(group->family);
	const int metric = dbops_family_metric(family, group->metrics[0].metric);
	Frame *frame = dbops_frame_create(family);

	family->read(frame);
	for (int i = 0; i < frame->nrows; i++)
		dbops_frame_row(frame, i)[metric] = (int64) dbops_wal_position_end();
	dbops_metric_group_write(exposition, group, frame, names);
	dbops_frame_free(frame);
}

static void
write_archive_age(Exposition *exposition)
{
	const Family *family = &dbops_family_archiver;
	const int metric = dbops_family_metric(family, "last_archived_time");
	Frame *frame = dbops_frame_create(family);
	int64 at;

	family->read(frame);
	at = frame->nrows == 0 ? FAMILY_NULL : dbops_frame_row(frame, 0)[metric];
	dbops_exposition_metric(exposition, "pg_stat_archiver_last_archive_age", EXPOSED_GAUGE,
	                        "Seconds since a segment was archived; 0 if none ever was");
	dbops_exposition_number(exposition, NULL, at == FAMILY_NULL ? 0 : seconds_since(at));
	dbops_frame_free(frame);
}

void
dbops_exporter_replication(Exposition *exposition, Names *names)
{
	dbops_exposition_metric(exposition, "pg_replication_lag_seconds", EXPOSED_GAUGE,
	                        "How far a standby is behind, in seconds; 0 on a primary");
	dbops_exposition_number(exposition, NULL, find_lag());
	dbops_exposition_metric(exposition, "pg_replication_lag", EXPOSED_GAUGE,
	                        "How far a standby is behind, in seconds; 0 on a primary");
	dbops_exposition_number(exposition, NULL, find_lag());
	dbops_exposition_metric(exposition, "pg_replication_last_replay_seconds", EXPOSED_GAUGE,
	                        "Age of the last transaction that was replayed; 0 on a primary");
	dbops_exposition_number(exposition, NULL, find_replay_age());
	write_positions(exposition, &slots, names);
	write_positions(exposition, &receivers, names);
	write_archive_age(exposition);
}

/* ---- VACUUM --------------------------------------------------------------------------------- */

/* By the number of the phase. */
static const char *const phases[] = {
    "initializing",        "scanning heap",   "vacuuming indexes",        "vacuuming heap",
    "cleaning up indexes", "truncating heap", "performing final cleanup",
};

typedef struct Gauge
{
	const char *name;
	int param;
	const char *help;
} Gauge;

/* From 17 on the last two are bytes, but keep their names. */
static const Gauge gauges[] = {
    {"pg_stat_progress_vacuum_heap_blks", PROGRESS_VACUUM_TOTAL_HEAP_BLKS, "Blocks of the table"},
    {"pg_stat_progress_vacuum_heap_blks_scanned", PROGRESS_VACUUM_HEAP_BLKS_SCANNED,
     "Blocks that were scanned"},
    {"pg_stat_progress_vacuum_heap_blks_vacuumed", PROGRESS_VACUUM_HEAP_BLKS_VACUUMED,
     "Blocks that were vacuumed"},
    {"pg_stat_progress_vacuum_index_vacuums", PROGRESS_VACUUM_NUM_INDEX_VACUUMS,
     "Rounds through the indexes"},
    {"pg_stat_progress_vacuum_max_dead_tuples", 5, "Room for dead rows"},
    {"pg_stat_progress_vacuum_num_dead_tuples", 6, "Dead rows kept in mind"},
};

typedef struct Vacuum
{
	StringInfoData labels;
	int64 params[PGSTAT_NUM_PROGRESS_PARAM];
} Vacuum;

static void
label_vacuum(Vacuum *vacuum, const PgBackendStatus *status, Names *names)
{
	const char *datname =
	    dbops_names_lookup(names, NAME_DATABASE, InvalidOid, status->st_databaseid)->objname;
	const char *relname = dbops_names_lookup(names, NAME_RELATION, status->st_databaseid,
	                                         status->st_progress_command_target)
	                          ->objname;

	initStringInfo(&vacuum->labels);
	dbops_exposition_label(&vacuum->labels, "datname", datname == NULL ? "" : datname);
	dbops_exposition_label(&vacuum->labels, "relname", relname == NULL ? "" : relname);
}

static Vacuum *
find_vacuums(Names *names, int *count)
{
	int nbackends = pgstat_fetch_stat_numbackends();
	Vacuum *vacuums = palloc(sizeof(Vacuum) * Max(nbackends, 1));

	*count = 0;
	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);
		Vacuum *vacuum = &vacuums[*count];

		if (local == NULL || local->backendStatus.st_procpid == 0 ||
		    dbops_compat_progress(&local->backendStatus, vacuum->params) != COMPAT_PROGRESS_VACUUM)
			continue;
		label_vacuum(vacuum, &local->backendStatus, names);
		(*count)++;
	}
	return vacuums;
}

static void
write_phases(Exposition *exposition, const Vacuum *vacuum)
{
	for (int i = 0; i < lengthof(phases); i++)
	{
		StringInfoData labels;

		initStringInfo(&labels);
		appendBinaryStringInfo(&labels, vacuum->labels.data, vacuum->labels.len);
		dbops_exposition_label(&labels, "phase", phases[i]);
		dbops_exposition_integer(exposition, &labels, vacuum->params[PROGRESS_VACUUM_PHASE] == i);
	}
}

void
dbops_exporter_vacuum(Exposition *exposition, Names *names)
{
	int count;
	const Vacuum *vacuums = find_vacuums(names, &count);

	if (count == 0)
		return;
	dbops_exposition_metric(exposition, "pg_stat_progress_vacuum_phase", EXPOSED_GAUGE,
	                        "1 for the phase that it is in, else 0");
	for (int i = 0; i < count; i++)
		write_phases(exposition, &vacuums[i]);
	for (int i = 0; i < lengthof(gauges); i++)
	{
		dbops_exposition_metric(exposition, gauges[i].name, EXPOSED_GAUGE, gauges[i].help);
		for (int j = 0; j < count; j++)
			dbops_exposition_integer(exposition, &vacuums[j].labels,
			                         vacuums[j].params[gauges[i].param]);
	}
}
