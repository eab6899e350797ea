/*
 * expose/exporter_families.c
 *		Which families stand behind the metrics that postgres_exporter has; see exporter_families.h.
 *
 * What versions moved (17: from pg_stat_bgwriter to pg_stat_checkpointer and pg_stat_io) the family
 * "server" has on all of them, so both the old names and the new ones are always there.
 */
#include "postgres.h"

#include "expose/exporter_families.h"

/* clang-format off */

static const GroupLabel database_labels[] = {{"datid", "datid"}, {"datname", "datname"}};
static const GroupLabel database_name_label[] = {{"datname", "datname"}};

static const GroupMetric limit_metrics[] = {
	SHOW_GAUGE("pg_database_connection_limit", "connection_limit", .unknown = UNKNOWN_AS_MINUS_ONE),
	SHOW_GAUGE("pg_database_wraparound_age_datfrozenxid_seconds", "xid_age"),
	SHOW_GAUGE("pg_database_wraparound_age_datminmxid_seconds", "mxid_age"),
};

static const GroupMetric database_metrics[] = {
	SHOW_GAUGE("pg_stat_database_numbackends", "connections"),
	SHOW_COUNTER("pg_stat_database_xact_commit", "xact_commit"),
	SHOW_COUNTER("pg_stat_database_xact_rollback", "xact_rollback"),
	SHOW_COUNTER("pg_stat_database_blks_read", "blks_read"),
	SHOW_COUNTER("pg_stat_database_blks_hit", "blks_hit"),
	SHOW_COUNTER("pg_stat_database_tup_returned", "tup_returned"),
	SHOW_COUNTER("pg_stat_database_tup_fetched", "tup_fetched"),
	SHOW_COUNTER("pg_stat_database_tup_inserted", "tup_inserted"),
	SHOW_COUNTER("pg_stat_database_tup_updated", "tup_updated"),
	SHOW_COUNTER("pg_stat_database_tup_deleted", "tup_deleted"),
	SHOW_COUNTER("pg_stat_database_temp_files", "temp_files"),
	SHOW_COUNTER("pg_stat_database_temp_bytes", "temp_bytes"),
	SHOW_COUNTER("pg_stat_database_deadlocks", "deadlocks"),
	SHOW_COUNTER("pg_stat_database_blk_read_time", "blk_read_ms"),
	SHOW_COUNTER("pg_stat_database_blk_write_time", "blk_write_ms"),
	SHOW_COUNTER("pg_stat_database_stats_reset", "stats_reset_at", .unknown = UNKNOWN_AS_ZERO),
	SHOW_COUNTER("pg_stat_database_active_time_seconds_total", "active_ms", .factor = 0.001),
	SHOW_COUNTER("pg_stat_database_active_time", "active_ms"),
	SHOW_COUNTER("pg_stat_database_session_time", "session_ms"),
	SHOW_COUNTER("pg_stat_database_idle_in_transaction_time", "idle_in_transaction_ms"),
	SHOW_COUNTER("pg_stat_database_sessions", "sessions"),
	SHOW_COUNTER("pg_stat_database_sessions_abandoned", "sessions_abandoned"),
	SHOW_COUNTER("pg_stat_database_sessions_fatal", "sessions_fatal"),
	SHOW_COUNTER("pg_stat_database_sessions_killed", "sessions_killed"),
	SHOW_COUNTER("pg_stat_database_checksum_failures", "checksum_failures"),
	SHOW_GAUGE("pg_stat_database_checksum_last_failure", "last_checksum_failure_at", .unknown = UNKNOWN_AS_ZERO),
};

static const GroupMetric conflicts_metrics[] = {
	SHOW_COUNTER("pg_stat_database_conflicts", "confl_tablespace", .help = "Queries canceled by conflicts with recovery",
	 .plus = {"confl_lock", "confl_snapshot", "confl_bufferpin", "confl_deadlock",
		"confl_active_logicalslot"}),
};

static const GroupMetric conflict_metrics[] = {
	SHOW_COUNTER("pg_stat_database_conflicts_confl_tablespace", "confl_tablespace"),
	SHOW_COUNTER("pg_stat_database_conflicts_confl_lock", "confl_lock"),
	SHOW_COUNTER("pg_stat_database_conflicts_confl_snapshot", "confl_snapshot"),
	SHOW_COUNTER("pg_stat_database_conflicts_confl_bufferpin", "confl_bufferpin"),
	SHOW_COUNTER("pg_stat_database_conflicts_confl_deadlock", "confl_deadlock"),
	SHOW_COUNTER("pg_stat_database_conflicts_confl_active_logicalslot", "confl_active_logicalslot"),
};

/* Times of checkpoints are in ms, whatever the names say. */
static const GroupMetric server_metrics[] = {
	SHOW_GAUGE("pg_postmaster_start_time_seconds", "started_at"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoints_timed_total", "checkpoints_timed"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoints_req_total", "checkpoints_requested"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoint_write_time_total", "checkpoint_write_ms"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoint_sync_time_total", "checkpoint_sync_ms"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_checkpoint_total", "checkpoint_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_clean_total", "bgwriter_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_maxwritten_clean_total", "bgwriter_stops"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_backend_total", "backend_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_backend_fsync_total", "backend_fsyncs"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_alloc_total", "buffers_allocated"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoints_timed", "checkpoints_timed"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoints_req", "checkpoints_requested"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoint_write_time", "checkpoint_write_ms"),
	SHOW_COUNTER("pg_stat_bgwriter_checkpoint_sync_time", "checkpoint_sync_ms"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_checkpoint", "checkpoint_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_clean", "bgwriter_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_maxwritten_clean", "bgwriter_stops"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_backend", "backend_buffers"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_backend_fsync", "backend_fsyncs"),
	SHOW_COUNTER("pg_stat_bgwriter_buffers_alloc", "buffers_allocated"),
	SHOW_COUNTER("pg_stat_checkpointer_num_timed_total", "checkpoints_timed"),
	SHOW_COUNTER("pg_stat_checkpointer_num_requested_total", "checkpoints_requested"),
	SHOW_COUNTER("pg_stat_checkpointer_restartpoints_timed_total", "restartpoints_timed"),
	SHOW_COUNTER("pg_stat_checkpointer_restartpoints_req_total", "restartpoints_requested"),
	SHOW_COUNTER("pg_stat_checkpointer_restartpoints_done_total", "restartpoints_performed"),
	SHOW_COUNTER("pg_stat_checkpointer_write_time_total", "checkpoint_write_ms"),
	SHOW_COUNTER("pg_stat_checkpointer_sync_time_total", "checkpoint_sync_ms"),
	SHOW_COUNTER("pg_stat_checkpointer_buffers_written_total", "checkpoint_buffers"),
	SHOW_GAUGE("pg_txid_current", "next_xid"),
	SHOW_GAUGE("pg_xlog_location_bytes", "wal_lsn"),
	SHOW_GAUGE("pg_xlog_position_bytes", "wal_lsn"),
	SHOW_GAUGE("pg_replication_is_replica", "in_recovery"),
	SHOW_GAUGE("process_start_time_seconds", "started_at", .help = "When the server was started"),
};

static const GroupMetric archiver_metrics[] = {
	SHOW_COUNTER("pg_stat_archiver_archived_count", "archived_count"),
	SHOW_COUNTER("pg_stat_archiver_failed_count", "failed_count"),
};

static const GroupLabel slot_database_labels[] = {{"slot_name", "slot_name"}, {"database", "datname"}};
static const GroupMetric slot_database_metrics[] = {
	SHOW_GAUGE("pg_replication_slots_active", "active"),
	SHOW_GAUGE("pg_replication_slots_pg_wal_lsn_diff", "restart_lag_bytes"),
	SHOW_GAUGE("pg_replication_slots_xmin_age", "xmin_age", .unknown = UNKNOWN_AS_ZERO),
};

static const GroupLabel slot_labels[] = {{"slot_name", "slot_name"}, {"slot_type", "slot_type"}};
static const GroupMetric slot_metrics[] = {
	SHOW_GAUGE("pg_replication_slots_slot_is_active", "active"),
	SHOW_GAUGE("pg_replication_slots_slot_confirmed_flush_lsn", "confirmed_flush_lsn"),
	SHOW_GAUGE("pg_replication_slots_safe_wal_size_bytes", "safe_wal_size"),
	SHOW_GAUGE("pg_replication_slots_wal_status", "wal_status", .word = "wal_status"),
	SHOW_GAUGE("pg_replication_slot_slot_is_active", "active"),
	SHOW_GAUGE("pg_replication_slot_slot_confirmed_flush_lsn", "confirmed_flush_lsn"),
	SHOW_GAUGE("pg_replication_slot_safe_wal_size_bytes", "safe_wal_size"),
	SHOW_GAUGE("pg_replication_slot_wal_status", "wal_status", .word = "wal_status"),
};

static const GroupLabel replication_labels[] = {{"application_name", "application_name"}, {"client_addr", "client_addr"},
	{"state", "state"}, {"slot_name", "slot_name"}};
static const GroupMetric replication_metrics[] = {
	SHOW_GAUGE("pg_stat_replication_pg_wal_lsn_diff", "replay_lag_bytes"),
	SHOW_GAUGE("pg_stat_replication_pg_xlog_location_diff", "replay_lag_bytes"),
};

static const GroupLabel receiver_labels[] = {{"upstream_host", "sender_host"}, {"slot_name", "slot_name"}, {"status", "status"}};
static const GroupMetric receiver_metrics[] = {
	SHOW_COUNTER("pg_stat_wal_receiver_flushed_lsn", "flushed_lsn"),
	SHOW_GAUGE("pg_stat_wal_receiver_received_tli", "received_tli"),
	SHOW_COUNTER("pg_stat_wal_receiver_last_msg_send_time", "last_msg_send_time"),
	SHOW_COUNTER("pg_stat_wal_receiver_last_msg_receipt_time", "last_msg_receipt_time"),
	SHOW_COUNTER("pg_stat_wal_receiver_latest_end_lsn", "latest_end_lsn"),
	SHOW_COUNTER("pg_stat_wal_receiver_latest_end_time", "latest_end_time"),
};

/* Of an exporter these are its own; here they are those of the server's processes. */
static const GroupMetric system_metrics[] = {
	SHOW_COUNTER("process_cpu_seconds_total", "server_cpu_ms", .factor = 0.001),
	SHOW_GAUGE("process_resident_memory_bytes", "server_memory_bytes"),
	SHOW_GAUGE("process_virtual_memory_bytes", "server_memory_bytes"),
	SHOW_GAUGE("process_open_fds", "open_files"),
	SHOW_GAUGE("process_max_fds", "open_files_limit"),
};

/* Catalogs of the cluster have no database. */
static bool
is_of_database(const Frame *frame, int row)
{
	return frame->keys[row].num[0] != 0;
}

const MetricGroup dbops_exporter_families[] = {
	{.name = "database_limits", .family = "database", GROUP_LABELS(database_name_label), GROUP_METRICS(limit_metrics), .wanted = is_of_database},
	{.name = "stat_database", .family = "database", GROUP_LABELS(database_labels), GROUP_METRICS(database_metrics), .wanted = is_of_database},
	{.name = "stat_database_conflicts", .family = "database", GROUP_LABELS(database_labels), GROUP_METRICS(conflicts_metrics), .wanted = is_of_database},
	{.name = "stat_database_conflicts_by_kind", .family = "database", GROUP_LABELS(database_labels), GROUP_METRICS(conflict_metrics), .wanted = is_of_database},
	{.name = "stat_bgwriter", .family = "server", GROUP_METRICS(server_metrics)},
	{.name = "stat_archiver", .family = "archiver", GROUP_METRICS(archiver_metrics)},
	{.name = "replication_slots", .family = "slot", GROUP_LABELS(slot_database_labels), GROUP_METRICS(slot_database_metrics)},
	{.name = "replication_slot", .family = "slot", GROUP_LABELS(slot_labels), GROUP_METRICS(slot_metrics)},
	{.name = "stat_replication", .family = "replication", GROUP_LABELS(replication_labels), GROUP_METRICS(replication_metrics)},
	{.name = "stat_wal_receiver", .family = "receiver", GROUP_LABELS(receiver_labels), GROUP_METRICS(receiver_metrics)},
	{.name = "process", .family = "system", GROUP_METRICS(system_metrics)},
	{.family = NULL},
};
/* clang-format on */
