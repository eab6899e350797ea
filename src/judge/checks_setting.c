/*
 * judge/checks_setting.c
 *		Checks of settings: those that endanger data, and lines of files that are not in effect.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"
#include "store/registry.h"
#include "store/texts.h"

#define TEXT_NAME 0
#define TEXT_SETTING 1
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

static bool
awaits_restart(const Fact *fact)
{
	return strcmp(source_of(fact), "pending restart") == 0;
}

static bool
is_in_error(const Fact *fact)
{
	return strcmp(source_of(fact), "file error") == 0;
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
        .columns = {"since_at"},
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 0,
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
        .columns = {"since_at"},
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"problem", "sourceline"},
        .points = 3,
        .why = "The server runs with another value, and may not start the next time",
        .what_to_do =
            "SELECT * FROM dbops.settings; then mend the line, and SELECT pg_reload_conf();",
    },
};

const CheckTable dbops_checks_setting = CHECK_TABLE(checks);
