/*
 * judge/drift.c
 *		Settings compared; see drift.h.
 */
#include "postgres.h"

#include "core/encoding.h"
#include "judge/drift.h"

/* What belongs to one server rather than to whoever has its place. */
static const char *const own_names[] = {
    "archive_cleanup_command",
    "cluster_name",
    "config_file",
    "data_directory",
    "dbops.node_name",
    "dbops.primary_conninfo",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "listen_addresses",
    "log_directory",
    "log_filename",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restore_command",
    "ssl_cert_file",
    "ssl_key_file",
    "sync_replication_slots",
    "unix_socket_directories",
};

/*
 * First those that the server itself requires to be no smaller: with a smaller one replay pauses,
 * and the standby does not start again.
 */
#define REQUIRED 5

static const char *const standby_names[] = {
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "archive_command",
    "archive_library",
    "archive_mode",
    "autovacuum",
    "default_transaction_isolation",
    "fsync",
    "full_page_writes",
    "hot_standby_feedback",
    "max_replication_slots",
    "max_slot_wal_keep_size",
    "session_preload_libraries",
    "shared_preload_libraries",
    "synchronous_commit",
    "wal_level",
    "wal_log_hints",
    NULL,
};

const char *const *
dbops_drift_of_standbys(void)
{
	return standby_names;
}

static int
compare_settings(const void *a, const void *b)
{
	const KnownSetting *one = a;
	const KnownSetting *other = b;

	if (one->scope != other->scope)
		return one->scope < other->scope ? -1 : 1;
	if (one->datid != other->datid)
		return one->datid < other->datid ? -1 : 1;
	if (one->roleid != other->roleid)
		return one->roleid < other->roleid ? -1 : 1;
	return strcmp(one->name, other->name);
}

static bool
is_own(const char *name)
{
	for (int i = 0; i < lengthof(own_names); i++)
	{
		if (strcmp(own_names[i], name) == 0)
			return true;
	}
	return false;
}

static void
copy_words(char *copy, Size size, const char *words)
{
	strlcpy(copy, words, dbops_encoding_clip(words, (int) strlen(words), (int) size - 1) + 1);
}

/* Those that differ come first: when there is no more room, they take the place of others. */
static void
add_compared(SettingBoard *board, const KnownSetting *setting, const char *expected,
             const char *present, SettingDifference difference)
{
	int place = 0;

	while (place < board->count && board->settings[place].difference >= difference)
		place++;
	if (place == BOARD_SETTINGS)
		return;
	board->count = Min(board->count + 1, BOARD_SETTINGS);
	memmove(&board->settings[place + 1], &board->settings[place],
	        sizeof(ComparedSetting) * (board->count - 1 - place));
	board->settings[place] = (ComparedSetting){.scope = setting->scope,
	                                           .datid = setting->datid,
	                                           .roleid = setting->roleid,
	                                           .difference = difference,
	                                           .since_at = setting->since_at};
	copy_words(board->settings[place].name, sizeof(board->settings[place].name), setting->name);
	copy_words(board->settings[place].expected, sizeof(board->settings[place].expected), expected);
	copy_words(board->settings[place].setting, sizeof(board->settings[place].setting), present);
}

/* Another server has a name and a place of its own. */
static bool
is_of_each(const KnownSetting *present, const KnownSetting *accepted, bool any_elsewhere)
{
	return (accepted != NULL ? accepted->elsewhere : any_elsewhere) &&
	       is_own(accepted != NULL ? accepted->name : present->name);
}

static void
compare_pair(SettingBoard *board, const KnownSetting *present, const KnownSetting *accepted)
{
	if (present == NULL)
		add_compared(board, accepted, accepted->value, SETTING_UNSET, SETTING_DIFFERS);
	else if (accepted != NULL)
		add_compared(board, present, accepted->value, present->value,
		             strcmp(present->value, accepted->value) == 0 ? SETTING_SAME : SETTING_DIFFERS);
	else if (present->is_set)
		add_compared(board, present, SETTING_UNSET, present->value, SETTING_DIFFERS);
}

void
dbops_drift_from_accepted(KnownSettings present, KnownSettings accepted, SettingBoard *board)
{
	int p = 0;
	int a = 0;
	bool any_elsewhere = false;

	board->measure = MEASURE_ACCEPTED;
	board->count = 0;
	if (accepted.count == 0)
		return;
	for (int i = 0; i < accepted.count; i++)
		any_elsewhere = any_elsewhere || accepted.items[i].elsewhere;
	qsort(present.items, present.count, sizeof(KnownSetting), compare_settings);
	qsort(accepted.items, accepted.count, sizeof(KnownSetting), compare_settings);
	while (p < present.count || a < accepted.count)
	{
		const KnownSetting *here = p < present.count ? &present.items[p] : NULL;
		const KnownSetting *there = a < accepted.count ? &accepted.items[a] : NULL;
		int order = here == NULL ? 1 : (there == NULL ? -1 : compare_settings(here, there));

		p += order <= 0;
		a += order >= 0;
		here = order <= 0 ? here : NULL;
		there = order >= 0 ? there : NULL;
		if (!is_of_each(here, there, any_elsewhere))
			compare_pair(board, here, there);
	}
}

static const KnownSetting *
find_of_server(KnownSettings settings, const char *name)
{
	for (int i = 0; i < settings.count; i++)
	{
		if (settings.items[i].scope == SETTINGS_OF_SERVER &&
		    strcmp(settings.items[i].name, name) == 0)
			return &settings.items[i];
	}
	return NULL;
}

void
dbops_drift_from_primary(KnownSettings present, KnownSettings primary, SettingBoard *board)
{
	board->measure = MEASURE_PRIMARY;
	board->count = 0;
	for (int i = 0; standby_names[i] != NULL; i++)
	{
		const KnownSetting *here = find_of_server(present, standby_names[i]);
		const KnownSetting *there = find_of_server(primary, standby_names[i]);
		SettingDifference difference = SETTING_SAME;

		if (here == NULL || there == NULL)
			continue;
		if (i < REQUIRED)
			difference = atoi(here->value) < atoi(there->value) ? SETTING_TOO_SMALL : SETTING_SAME;
		else if (strcmp(here->value, there->value) != 0)
			difference = SETTING_DIFFERS;
		add_compared(board, here, there->value, here->value, difference);
	}
}
