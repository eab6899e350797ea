/*
 * test/unit/drift_test.c
 *		Settings compared with what was accepted, and a standby's with its primary's.
 *
 * sources: src/judge/drift.c src/store/setting_board.c
 */
#include "postgres.h"

#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/encoding.h"
#include "judge/drift.h"

#include "tap.h"

/* The board of shared memory is not part of it. */
void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	return NULL;
}

bool
LWLockAcquire(LWLock *lock, LWLockMode mode)
{
	return true;
}

void
LWLockRelease(LWLock *lock)
{
}

void
LWLockInitialize(LWLock *lock, int tranche_id)
{
}

int
dbops_encoding_clip(const char *words, int length, int limit)
{
	return Min(length, limit);
}

#define SERVER(name, value)                                \
	{                                                      \
		SETTINGS_OF_SERVER, 0, 0, (name), (value), true, 0 \
	}
#define BUILT_IN(name, value)                               \
	{                                                       \
		SETTINGS_OF_SERVER, 0, 0, (name), (value), false, 0 \
	}

static SettingBoard board;

/* The settings on the board that differ, "name expected > present" each. */
static const char *
told(void)
{
	static char line[1000];

	line[0] = '\0';
	for (int i = 0; i < board.count; i++)
	{
		const ComparedSetting *row = &board.settings[i];

		if (row->difference == SETTING_SAME)
			continue;
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s%s %s > %s",
		         line[0] == '\0' ? "" : "; ", row->difference == SETTING_TOO_SMALL ? "!" : "",
		         row->name, row->expected, row->setting);
	}
	return line;
}

static const char *
drift_of(KnownSetting present, KnownSetting accepted, bool elsewhere)
{
	KnownSetting here[] = {SERVER("a first one", "1"), present};
	KnownSetting there[] = {SERVER("a first one", "1"), accepted};

	there[0].elsewhere = there[1].elsewhere = elsewhere;
	dbops_drift_from_accepted((KnownSettings){here, present.name == NULL ? 1 : 2},
	                          (KnownSettings){there, accepted.name == NULL ? 1 : 2}, &board);
	return told();
}

static void
test_accepted(void)
{
	const struct
	{
		KnownSetting present;
		KnownSetting accepted;
		bool elsewhere;
		const char *told;
		const char *fact;
	} cases[] = {
	    {SERVER("work_mem", "4MB"), SERVER("work_mem", "4MB"), false, "", "the same value"},
	    {SERVER("work_mem", "8MB"), SERVER("work_mem", "4MB"), false, "work_mem 4MB > 8MB",
	     "another value"},
	    {BUILT_IN("work_mem", "4MB"), SERVER("work_mem", "8MB"), false, "work_mem 8MB > 4MB",
	     "the built-in value where another was accepted"},
	    {BUILT_IN("work_mem", "4MB"), {0}, false, "", "a built-in value needs no acceptance"},
	    {SERVER("work_mem", "8MB"), {0}, false, "work_mem <default> > 8MB", "one nobody accepted"},
	    {{0}, SERVER("app.x", "1"), false, "app.x 1 > <default>", "one that is gone"},
	    {{SETTINGS_OF_ROLE, 0, 7, "work_mem", "4MB", true, 0, false},
	     {SETTINGS_OF_ROLE, 0, 8, "work_mem", "4MB", true, 0, false},
	     false,
	     "work_mem <default> > 4MB; work_mem 4MB > <default>",
	     "that of another role is another one"},
	    {{SETTINGS_OF_ALL_ROLES, 0, 0, "work_mem", "8MB", true, 0, false},
	     SERVER("work_mem", "4MB"),
	     false,
	     "work_mem 4MB > <default>; work_mem <default> > 8MB",
	     "that of all roles is not the server's"},
	    {SERVER("port", "5433"), SERVER("port", "5432"), false, "port 5432 > 5433",
	     "the port of the server it was accepted on"},
	    {SERVER("port", "5433"), SERVER("port", "5432"), true, "",
	     "another server has its own port"},
	    {SERVER("primary_conninfo", "x"), {0}, true, "", "and may be a former standby"},
	    {SERVER("work_mem", "8MB"), SERVER("work_mem", "4MB"), true, "work_mem 4MB > 8MB",
	     "its memory is to be as agreed"},
	};

	for (int i = 0; i < lengthof(cases); i++)
		is_str(drift_of(cases[i].present, cases[i].accepted, cases[i].elsewhere), cases[i].told,
		       "%s", cases[i].fact);
	is_int(board.measure, MEASURE_ACCEPTED, "measured by what was accepted");
}

static void
test_nothing_accepted(void)
{
	KnownSetting present = SERVER("work_mem", "8MB");

	board.count = 9;
	dbops_drift_from_accepted((KnownSettings){&present, 1}, (KnownSettings){NULL, 0}, &board);
	is_int(board.count, 0, "nothing is compared where nothing was accepted");
}

/* One that is accepted again, on the server that took over. */
static void
test_both_places(void)
{
	KnownSetting here[] = {SERVER("port", "2"), SERVER("primary_conninfo", "x"), SERVER("w", "2")};
	KnownSetting there[] = {SERVER("port", "1"), SERVER("w", "1")};

	there[0].elsewhere = true;
	dbops_drift_from_accepted((KnownSettings){here, 3}, (KnownSettings){there, 2}, &board);
	is_str(told(), "w 1 > 2", "the one accepted here does not make the others' place the same");
}

static void
test_room(void)
{
	static KnownSetting present[BOARD_SETTINGS + 20];
	static KnownSetting accepted[BOARD_SETTINGS + 20];
	static char names[BOARD_SETTINGS + 20][8];
	int differ = 0;

	for (int i = 0; i < lengthof(present); i++)
	{
		snprintf(names[i], sizeof(names[i]), "s%04d", i);
		present[i] = accepted[i] = (KnownSetting) SERVER(names[i], "1");
		if (i >= BOARD_SETTINGS)
			accepted[i].value = "2";
	}
	dbops_drift_from_accepted((KnownSettings){present, lengthof(present)},
	                          (KnownSettings){accepted, lengthof(accepted)}, &board);
	for (int i = 0; i < board.count; i++)
		differ += board.settings[i].difference == SETTING_DIFFERS;
	is_int(board.count, BOARD_SETTINGS, "the board takes no more than fit");
	is_int(differ, 20, "and those that differ in any case");
	is_str(board.settings[0].name, "s0256", "in front");
}

static const char *
standby_of(const char *name, const char *here, const char *there)
{
	KnownSetting present = SERVER(name, here);
	KnownSetting primary = SERVER(name, there);

	dbops_drift_from_primary((KnownSettings){&present, 1},
	                         (KnownSettings){&primary, there == NULL ? 0 : 1}, &board);
	return told();
}

static void
test_standby(void)
{
	is_str(standby_of("max_connections", "99", "100"), "!max_connections 100 > 99",
	       "fewer connections than the primary");
	is_str(standby_of("max_connections", "100", "100"), "", "as many");
	is_str(standby_of("max_connections", "1000", "101"), "", "more, which 1000 is, than 101");
	is_str(standby_of("max_locks_per_transaction", "64", "128"),
	       "!max_locks_per_transaction 128 > 64", "the same of locks");
	is_str(standby_of("shared_preload_libraries", "dbops", "dbops, other"),
	       "shared_preload_libraries dbops, other > dbops", "another library");
	is_str(standby_of("wal_level", "replica", "logical"), "wal_level logical > replica",
	       "another level of WAL");
	is_str(standby_of("work_mem", "1MB", "2MB"), "", "what its own queries take is its own");
	is_str(standby_of("primary_conninfo", "x", ""), "", "and where it receives from");
	(void) standby_of("max_connections", "99", NULL);
	is_int(board.count, 0, "nothing is said of what the primary is not known to have");
	is_int(board.measure, MEASURE_PRIMARY, "measured by the primary");
}

int
main(void)
{
	test_accepted();
	test_nothing_accepted();
	test_both_places();
	test_room();
	test_standby();
	return tap_done();
}
