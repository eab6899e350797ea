/*
 * collect/setting_drift.c
 *		The family "setting_drift": how settings compare with what they should be.
 *
 * Read from the board that the keeper writes, so it can be had in any process.  A file of its own
 * as the family "setting" tells what is, whatever it should be.
 */
#include "postgres.h"

#include "access/xlog.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/frame.h"
#include "store/setting_board.h"

enum
{
	LABEL_DATID,
	LABEL_ROLEID,
	LABEL_SCOPE,
	LABEL_NAME,
	LABEL_EXPECTED,
	LABEL_SETTING,
};

enum
{
	DRIFT_MEASURE,
	DRIFT_DIFFERENCE,
	DRIFT_SINCE_AT,
};

static const char *const measure_words[] = {
    [MEASURE_ACCEPTED] = "accepted",
    [MEASURE_PRIMARY] = "primary",
    NULL,
};

static const char *const difference_words[] = {
    [SETTING_SAME] = "none",
    [SETTING_DIFFERS] = "differs",
    [SETTING_TOO_SMALL] = "too small",
    NULL,
};

static const Label labels[] = {
    [LABEL_DATID] = LABEL_OF_DATABASE("Database it is set for; 0: all"),
    [LABEL_ROLEID] = LABEL("roleid", LABEL_OID, NAMES_ROLE, "Role it is set for; 0: all"),
    [LABEL_SCOPE] = LABEL_OF_WORDS("scope", dbops_setting_scopes, "What it is set for"),
    [LABEL_NAME] = LABEL("name", LABEL_TEXT, NAMES_NONE,
                         "Setting; empty when there is nothing yet to compare with"),
    [LABEL_EXPECTED] =
        LABEL("expected", LABEL_TEXT, NAMES_NONE, "Value it should have; <default>: none is set"),
    [LABEL_SETTING] =
        LABEL("setting", LABEL_TEXT, NAMES_NONE, "Value it has; <default>: none is set"),
};

static const Metric metrics[] = {
    [DRIFT_MEASURE] =
        WORD(1, "measure", measure_words,
             "By what it is measured: what was accepted, or the primary of a standby"),
    [DRIFT_DIFFERENCE] = WORD(2, "difference", difference_words,
                              "none, differs, or too small to replay the WAL of the primary"),
    [DRIFT_SINCE_AT] = INSTANT(3, "since_at", "Since when it is known to have its value"),
};

static int64 *
add_row(Frame *frame, const ComparedSetting *setting, SettingMeasure measure)
{
	const char *texts[] = {setting->name, setting->expected, setting->setting};
	const EntityKey key = {{setting->datid, setting->roleid, setting->scope}};
	int64 *values = dbops_frame_add_texts(frame, &key, texts);

	values[DRIFT_MEASURE] = measure;
	return values;
}

/* Where there is nothing to compare with, a row says so: what is unknown is not the same. */
static void
read_drift(Frame *frame)
{
	const SettingBoard *board = dbops_setting_board_copy();
	bool on_standby = RecoveryInProgress();

	if (board == NULL || board->count == 0 || on_standby != (board->measure == MEASURE_PRIMARY))
	{
		static const ComparedSetting nothing = {0};

		(void) add_row(frame, &nothing, on_standby ? MEASURE_PRIMARY : MEASURE_ACCEPTED);
		return;
	}
	for (int i = 0; i < board->count; i++)
	{
		const ComparedSetting *setting = &board->settings[i];
		int64 *values = add_row(frame, setting, board->measure);

		values[DRIFT_DIFFERENCE] = setting->difference;
		if (setting->since_at != 0)
			values[DRIFT_SINCE_AT] = setting->since_at;
	}
}

/* Its name, and what it is set for, stay: all else is of the moment. */
static void
clear_value(EntityKey *key)
{
	if (key->num[LABEL_SCOPE] != SETTINGS_OF_ALL_ROLES)
		key->num[LABEL_SCOPE] = -1;
	key->num[LABEL_EXPECTED] = -1;
	key->num[LABEL_SETTING] = -1;
}

const Family dbops_family_setting_drift = {
    .id = 42,
    .name = "setting_drift",
    .help = "Settings compared with what was accepted, on a standby with its primary's",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .rarely_changes = true,
    .read = read_drift,
    .slot = clear_value,
};
