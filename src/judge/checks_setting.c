/*
 * judge/checks_setting.c
 *		Checks of settings: those that endanger data, lines of files that are not in effect, and those
 *		that are not as they should be.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"
#include "store/registry.h"
#include "store/setting_board.h"
#include "store/texts.h"

#define TEXT_NAME 0
#define TEXT_SETTING 1
#define TEXT_SOURCEFILE 2
#define LABEL_SOURCE 2

static bool
is_set(const Fact *fact, const char *name, const char *setting)
{
	return fact->texts != NULL && strcmp(dbops_texts_at(fact->texts, TEXT_NAME), name) == 0 &&
	       strcmp(dbops_texts_at(fact->texts, TEXT_SETTING), setting) == 0;
}

static const char *
source_of(const Fact *fact)
{
	return dbops_word(fact->family->labels[LABEL_SOURCE].words, fact->key->num[LABEL_SOURCE]);
}

/* In force, unlike a line of a file that is not yet. */
static bool
is_in_force(const Fact *fact)
{
	return strcmp(source_of(fact), "pending restart") != 0 &&
	       strcmp(source_of(fact), "file error") != 0;
}

static bool
endangers_data(const Fact *fact)
{
	return is_in_force(fact) &&
	       (is_set(fact, "fsync", "off") || is_set(fact, "full_page_writes", "off") ||
	        is_set(fact, "zero_damaged_pages", "on") ||
	        is_set(fact, "ignore_checksum_failure", "on"));
}

static bool
lacks_checksums(const Fact *fact)
{
	return is_in_force(fact) && is_set(fact, "data_checksums", "off");
}

static bool
stops_upkeep(const Fact *fact)
{
	return is_in_force(fact) &&
	       (is_set(fact, "autovacuum", "off") || is_set(fact, "track_counts", "off"));
}

/* The last row of what is gone says so. */
static bool
is_gone(const Fact *fact)
{
	double removed;

	return dbops_term_get(fact, "removed", &removed) && removed == 1;
}

static bool
awaits_restart(const Fact *fact)
{
	return strcmp(source_of(fact), "pending restart") == 0 && !is_gone(fact);
}

static bool
is_in_error(const Fact *fact)
{
	return strcmp(source_of(fact), "file error") == 0 && !is_gone(fact);
}

static char *
tell_value(const Fact *fact)
{
	const char *value = dbops_texts_at(fact->texts, TEXT_SETTING);
	const char *file = dbops_texts_at(fact->texts, TEXT_SOURCEFILE);

	return file[0] == '\0' ? psprintf("\"%s\"", value) : psprintf("\"%s\" in %s", value, file);
}

/* Of the family "setting_drift". */
#define TEXT_EXPECTED 1
#define TEXT_PRESENT 2

static bool
is_measured_by(const Fact *fact, SettingMeasure measure)
{
	double value;

	return dbops_term_get(fact, "measure", &value) && value == measure;
}

static bool
has_accepted(const Fact *fact)
{
	return is_measured_by(fact, MEASURE_ACCEPTED);
}

static bool
has_primary(const Fact *fact)
{
	return is_measured_by(fact, MEASURE_PRIMARY);
}

static bool
get_difference(const Fact *fact, double *value)
{
	return dbops_term_get(fact, "difference", value);
}

static char *
tell_difference(const Fact *fact)
{
	const char *expected = dbops_texts_at(fact->texts, TEXT_EXPECTED);
	const char *present = dbops_texts_at(fact->texts, TEXT_PRESENT);

	if (has_primary(fact))
		return psprintf("\"%s\" on the primary, \"%s\" here", expected, present);
	return psprintf("\"%s\" -> \"%s\"", expected, present);
}

/* A row that applies is one that should not be there. */
static bool
one(const Fact *fact, double *value)
{
	*value = 1;
	return true;
}

static const Check checks[] = {
    {
        .name = "unsafe settings",
        .about = "Settings with which a crash loses or damages data",
        .family = &dbops_family_setting,
        .scope = SCOPE_OBJECT,
        .value = one,
        .unit = UNIT_OF_FLAG,
        .applies = endangers_data,
        .columns = {"since_at"},
        .warning = NO_LIMIT,
        .critical = 1,
        .tell = tell_value,
        .evidence = {"since_at"},
        .points = 10,
        .why = "After a crash of the machine the data directory may be damaged beyond repair",
        .what_to_do =
            "SELECT * FROM dbops.settings; ALTER SYSTEM RESET it, then SELECT pg_reload_conf();",
    },
    {
        .name = "checksums",
        .about = "Data checksums are off",
        .family = &dbops_family_setting,
        .scope = SCOPE_OBJECT,
        .value = one,
        .unit = UNIT_OF_FLAG,
        .applies = lacks_checksums,
        .columns = {"since_at"},
        .warning = 1,
        .critical = NO_LIMIT,
        .points = 2,
        .why = "Nobody notices when the storage returns other bytes than were written",
        .what_to_do = "Stop the server and run pg_checksums --enable; a standby first.",
    },
    {
        .name = "upkeep off",
        .about = "Settings with which nobody vacuums",
        .family = &dbops_family_setting,
        .scope = SCOPE_OBJECT,
        .value = one,
        .unit = UNIT_OF_FLAG,
        .applies = stops_upkeep,
        .columns = {"since_at"},
        .warning = 1,
        .critical = NO_LIMIT,
        .tell = tell_value,
        .evidence = {"since_at"},
        .points = 5,
        .why = "Tables bloat, and before transaction ids wrap the server stops",
        .what_to_do =
            "SELECT * FROM dbops.settings; ALTER SYSTEM RESET it, then SELECT pg_reload_conf();",
    },
    {
        .name = "pending restart",
        .about = "Settings in files that wait for a restart",
        .family = &dbops_family_setting,
        .scope = SCOPE_OBJECT,
        .value = one,
        .unit = UNIT_OF_FLAG,
        .applies = awaits_restart,
        .columns = {"since_at", "removed"},
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 0,
        .tell = tell_value,
        .evidence = {"since_at"},
        .points = 1,
        .why = "The next restart, perhaps an unplanned one, changes the server",
        .what_to_do = "SELECT * FROM dbops.settings; then restart, or take the line back.",
    },
    {
        .name = "settings in error",
        .about = "Lines of configuration files that cannot be applied",
        .family = &dbops_family_setting,
        .scope = SCOPE_OBJECT,
        .value = one,
        .unit = UNIT_OF_FLAG,
        .applies = is_in_error,
        .columns = {"since_at", "removed"},
        .warning = 1,
        .critical = NO_LIMIT,
        .tell = tell_value,
        .evidence = {"problem", "sourceline"},
        .points = 3,
        .why = "The server runs with another value, and may not start the next time",
        .what_to_do =
            "SELECT * FROM dbops.settings; then mend the line, and SELECT pg_reload_conf();",
    },
    {
        .name = "settings drift",
        .about = "Settings that are not as they were accepted with dbops.accept_settings()",
        .family = &dbops_family_setting_drift,
        .scope = SCOPE_OBJECT,
        .value = get_difference,
        .unit = UNIT_OF_FLAG,
        .applies = has_accepted,
        .columns = {"measure", "difference"},
        .warning = 1,
        .critical = NO_LIMIT,
        .tell = tell_difference,
        .evidence = {"since_at"},
        .unknown = "none are accepted: SELECT dbops.accept_settings() accepts those of now",
        .points = 2,
        .why = "Somebody changed what was agreed, perhaps for a moment, and it stayed",
        .what_to_do =
            "SELECT * FROM dbops.setting_drift; dbops.setting_changes has when, dbops.accept_settings() accepts it.",
    },
    {
        .name = "standby settings",
        .about = "On a standby, settings that differ from its primary's where that hurts",
        .family = &dbops_family_setting_drift,
        .scope = SCOPE_OBJECT,
        .value = get_difference,
        .unit = UNIT_OF_FLAG,
        .applies = has_primary,
        .columns = {"measure", "difference"},
        .warning = SETTING_DIFFERS,
        .critical = SETTING_TOO_SMALL,
        .tell = tell_difference,
        .evidence = {"since_at"},
        .unknown = "the settings of the primary are not known here",
        .points = 3,
        .why =
            "With less than its primary a standby cannot replay; in its place it would do other things",
        .what_to_do =
            "SELECT * FROM dbops.setting_drift; set it as on the primary, and restart the standby if need be.",
    },
};

const CheckTable dbops_checks_setting = CHECK_TABLE(checks);
