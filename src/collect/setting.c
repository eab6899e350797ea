/*
 * collect/setting.c
 *		The family "setting": which value each setting has, where, from what source, and since when.
 *
 * A value is a label, so that history has a row when one begins and no number is needed for it.
 * What is set in one place under one name is a slot; since_at orders the values a slot has had, at
 * any resolution.  This file remembers each slot's value to tell since when it is so, and to give a
 * slot that is gone a last row that says so.  Rows are stored when something changes, and all of
 * them once a day: whatever was so at a time has a row of at most a day before.
 *
 * Sessions have settings of their own, so only the sampler can tell those of the server.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "core/clock.h"
#include "core/settings.h"
#include "store/frame.h"

enum
{
	LABEL_DATID,
	LABEL_ROLEID,
	LABEL_SOURCE,
	LABEL_NAME,
	LABEL_SETTING,
	LABEL_SOURCEFILE
};

enum
{
	SETTING_SINCE_AT,
	SETTING_SOURCELINE,
	SETTING_PENDING_RESTART,
	SETTING_IS_DEFAULT,
	SETTING_PROBLEM,
	SETTING_REMOVED,
	SETTING_CONFIRMED_AT,
	SETTING_NMETRICS
};

static const char *const source_words[] = {
    [SETTING_DEFAULT] = "default",
    [SETTING_DYNAMIC_DEFAULT] = "dynamic default",
    [SETTING_ENVIRONMENT] = "environment variable",
    [SETTING_FILE] = "configuration file",
    [SETTING_COMMAND_LINE] = "command line",
    [SETTING_GLOBAL] = "global",
    [SETTING_DATABASE] = "database",
    [SETTING_ROLE] = "user",
    [SETTING_DATABASE_ROLE] = "database user",
    [SETTING_CLIENT] = "client",
    [SETTING_OVERRIDE] = "override",
    [SETTING_INTERACTIVE] = "interactive",
    [SETTING_TEST] = "test",
    [SETTING_SESSION] = "session",
    [SETTING_PENDING] = "pending restart",
    [SETTING_FILE_ERROR] = "file error",
    NULL,
};

static const char *const problem_words[] = {
    [SETTING_PROBLEM_NONE] = "none",
    [SETTING_PROBLEM_SYNTAX] = "syntax error",
    [SETTING_PROBLEM_UNKNOWN] = "unknown setting",
    [SETTING_PROBLEM_VALUE] = "invalid value",
    NULL,
};

static const Label labels[] = {
    [LABEL_DATID] = LABEL_OF_DATABASE("Database it is set for; 0: all"),
    [LABEL_ROLEID] = LABEL("roleid", LABEL_OID, NAMES_ROLE, "Role it is set for; 0: all"),
    [LABEL_SOURCE] =
        LABEL_OF_WORDS("source", source_words,
                       "Where the value is from, as in pg_settings; global is ALTER ROLE ALL, "
                       "pending restart and file error are lines of a file that are not in effect"),
    [LABEL_NAME] = LABEL("name", LABEL_TEXT, NAMES_NONE, "Setting"),
    [LABEL_SETTING] =
        LABEL("setting", LABEL_TEXT, NAMES_NONE,
              "Value, with its unit; <hidden> and a hash for what only superusers may see"),
    [LABEL_SOURCEFILE] =
        LABEL("sourcefile", LABEL_TEXT, NAMES_NONE, "File that sets it; empty if none"),
};

static const Metric metrics[] = {
    [SETTING_SINCE_AT] = INSTANT(
        1, "since_at", "Since when it is known to be so; a start of the server begins anew"),
    [SETTING_SOURCELINE] = GAUGE(2, "sourceline", "", ROLLUP_LAST, "Line of the file"),
    [SETTING_PENDING_RESTART] =
        FLAG(3, "pending_restart", "1 when a file wants another value at the next start"),
    [SETTING_IS_DEFAULT] = FLAG(4, "is_default", "1 when the value is the built-in one"),
    [SETTING_PROBLEM] = WORD(5, "problem", problem_words, "Why a line of a file cannot be applied"),
    [SETTING_REMOVED] = FLAG(6, "removed", "1 when it is not set any more, NULL while it is"),
    [SETTING_CONFIRMED_AT] = INSTANT(
        7, "confirmed_at", "When it was last seen, to the day; to the half hour on a standby"),
};

StaticAssertDecl(lengthof(metrics) == SETTING_NMETRICS, "each column has its metric");

typedef struct SlotKey
{
	int64 name_hash;
	Oid datid;
	Oid roleid;
	int32 source; /* SETTING_DEFAULT for all that is the server's own */
	int32 unused;
} SlotKey;

typedef struct Slot
{
	SlotKey key;
	int64 value_hash;
	TimestampTz since_at;
	uint32 round;
	char *name;
} Slot;

static MemoryContext slots_context = NULL;
static HTAB *slots = NULL;
static uint32 current_round = 0;
static TimestampTz read_at = 0; /* of the round before */

static void
start_up(void)
{
	HASHCTL table = {.keysize = sizeof(SlotKey), .entrysize = sizeof(Slot)};

	if (slots_context != NULL)
		return;
	slots_context = AllocSetContextCreate(TopMemoryContext, "dbops settings", ALLOCSET_SMALL_SIZES);
	table.hcxt = slots_context;
	slots = hash_create("dbops settings", 512, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* A server's setting keeps its slot when its source changes; other kinds are slots of their own. */
static bool
is_slot_of_its_own(SettingSource source)
{
	return source == SETTING_GLOBAL || source >= SETTING_PENDING;
}

static void
clear_value(EntityKey *key)
{
	if (!is_slot_of_its_own((SettingSource) key->num[LABEL_SOURCE]))
		key->num[LABEL_SOURCE] = -1;
	key->num[LABEL_SETTING] = -1;
	key->num[LABEL_SOURCEFILE] = -1;
}

static SlotKey
slot_of(const Setting *setting)
{
	SlotKey key = {
	    .name_hash = dbops_entity_hash(setting->name),
	    .datid = setting->datid,
	    .roleid = setting->roleid,
	};

	if (is_slot_of_its_own(setting->source))
		key.source = setting->source;
	return key;
}

static int64
hash_value(const Setting *setting)
{
	uint64 hash = (uint64) dbops_entity_hash(setting->value);

	hash = hash_combine64(hash, (uint64) setting->source);
	if (setting->file != NULL)
		hash = hash_combine64(hash, (uint64) dbops_entity_hash(setting->file));
	return (int64) hash;
}

/* When a value began that the round before did not have: with a reload, if there was one. */
static TimestampTz
began_at(const Setting *setting, TimestampTz now)
{
	bool by_reload = setting->source == SETTING_FILE || setting->source == SETTING_DEFAULT;

	return by_reload && read_at != 0 && PgReloadTime > read_at && PgReloadTime < now ?
	           PgReloadTime :
	           now;
}

/* Notes the value, and since when it is so; NULL when the slot was noted in this round. */
static const Slot *
note(const Setting *setting, TimestampTz now)
{
	const SlotKey key = slot_of(setting);
	int64 hash = hash_value(setting);
	bool found;
	Slot *slot = hash_search(slots, &key, HASH_ENTER, &found);

	if (!found)
	{
		slot->round = current_round - 1;
		slot->name = MemoryContextStrdup(slots_context, setting->name);
	}
	else if (slot->round == current_round)
		return NULL;
	if (!found || slot->value_hash != hash)
		slot->since_at = began_at(setting, now);
	slot->value_hash = hash;
	slot->round = current_round;
	return slot;
}

/*
 * The time in steps: with each, all rows are stored.  A standby has but the ring, which forgets
 * after about an hour.
 */
static TimestampTz
confirmed_at(TimestampTz now)
{
	int64 step = RecoveryInProgress() ? USECS_PER_HOUR / 2 : USECS_PER_DAY;

	return now - now % step;
}

static int64 *
add_row(Frame *frame, const EntityKey *key, const char *name, const char *value, const char *file)
{
	const char *const texts[] = {name, value, file};

	return dbops_frame_add_texts(frame, key, texts);
}

static void
add_settings(Frame *frame, const List *settings, TimestampTz now)
{
	ListCell *cell;

	foreach (cell, settings)
	{
		const Setting *setting = lfirst(cell);
		const Slot *slot = note(setting, now);
		const EntityKey key = {{setting->datid, setting->roleid, setting->source}};
		int64 *values;

		if (slot == NULL)
			continue;
		values = add_row(frame, &key, setting->name, setting->value,
		                 setting->file == NULL ? "" : setting->file);
		values[SETTING_SINCE_AT] = slot->since_at;
		values[SETTING_CONFIRMED_AT] = confirmed_at(now);
		if (setting->line > 0)
			values[SETTING_SOURCELINE] = setting->line;
		if (setting->source == SETTING_FILE_ERROR)
			values[SETTING_PROBLEM] = setting->problem;
		if (slot->key.source != SETTING_DEFAULT || OidIsValid(setting->datid) ||
		    OidIsValid(setting->roleid))
			continue;
		values[SETTING_PENDING_RESTART] = setting->pending_restart;
		values[SETTING_IS_DEFAULT] = setting->is_default;
	}
}

/* A last row for each slot that this round has not found. */
static void
add_removed(Frame *frame, TimestampTz now)
{
	HASH_SEQ_STATUS status;
	Slot *slot;

	hash_seq_init(&status, slots);
	while ((slot = hash_seq_search(&status)) != NULL)
	{
		const EntityKey key = {{slot->key.datid, slot->key.roleid, slot->key.source}};
		int64 *values;

		if (slot->round == current_round)
			continue;
		values = add_row(frame, &key, slot->name, "", "");
		values[SETTING_SINCE_AT] = now;
		values[SETTING_REMOVED] = 1;
		values[SETTING_CONFIRMED_AT] = confirmed_at(now);
		pfree(slot->name);
		hash_search(slots, &slot->key, HASH_REMOVE, NULL);
	}
}

static void
read_settings(Frame *frame)
{
	TimestampTz now = dbops_clock_now();
	List *of_files;

	start_up();
	current_round++;
	/* First, since it marks what waits for a restart. */
	of_files = dbops_settings_of_files();
	add_settings(frame, dbops_settings_of_server(), now);
	add_settings(frame, dbops_settings_of_roles(), now);
	add_settings(frame, of_files, now);
	add_removed(frame, now);
	read_at = now;
}

const Family dbops_family_setting = {
    .id = 25,
    .name = "setting",
    .help = "Settings of the server, of databases and of roles: which value since when",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .sampler_only = true,
    .rarely_changes = true,
    .read = read_settings,
    .slot = clear_value,
};
