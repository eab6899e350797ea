/*
 * test/unit/exposure_test.c
 *		What would be lost: by what is left after each failure, and with missing facts.
 *
 * sources: src/judge/exposure.c src/judge/archiving.c
 */
#include "postgres.h"

#include "judge/exposure.h"
#include "store/family.h"

#include "tap.h"

#define UNKNOWN FAMILY_NULL
#define SECOND INT64CONST(1000000)

#define ARCHIVE(position, us) \
	.archive = {.what = "the archive", .lsn = (position), .exposed_us = (us), .design_us = 120}
#define ENDLESS_ARCHIVE(position, us)  \
	.archive = {.what = "the archive", \
	            .lsn = (position),     \
	            .exposed_us = (us),    \
	            .design_us = UNKNOWN,  \
	            .unlimited = "archive_timeout is 0"}
#define RECEIVER(position, us) \
	.receiver = {.what = "receiver \"r\"", .lsn = (position), .exposed_us = (us), .design_us = 60}
#define STANDBY(position, us) \
	.standby = {.what = "standby \"s\"", .lsn = (position), .exposed_us = (us), .design_us = 0}
#define BACKUP(position, us)              \
	.backup = {.what = "the last backup", \
	           .lsn = (position),         \
	           .exposed_us = (us),        \
	           .design_us = UNKNOWN,      \
	           .unlimited = "no WAL is kept elsewhere"}
#define DUMP(us) .dump = {.what = "the last dump", .exposed_us = (us), .design_us = UNKNOWN}

typedef struct Example
{
	const char *name;
	DisasterKind failure;
	ExposureFacts facts;
	int64 rpo_us;
	int64 rpo_bytes;
	int64 design_us;
	Confidence confidence;
} Example;

static const Example examples[] = {
    /* ---- all but the archive is lost ---- */
    {"idle: all archived, bytes of nobody's behind it",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(900, 0), BACKUP(500, 99)},
     0,
     0,
     120,
     CONFIDENCE_HIGH},
    {"a commit is not archived",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(900, 7), BACKUP(500, 99)},
     7,
     100,
     120,
     CONFIDENCE_HIGH},
    {"no archive_timeout",
     DISASTER_SITE,
     {.flushed = 1000, ENDLESS_ARCHIVE(900, 7), BACKUP(500, 99)},
     7,
     100,
     UNKNOWN,
     CONFIDENCE_HIGH},
    {"a receiver has more",
     DISASTER_SITE,
     {.flushed = 1000, ENDLESS_ARCHIVE(900, 7), RECEIVER(990, 2), BACKUP(500, 99)},
     2,
     10,
     60,
     CONFIDENCE_HIGH},
    {"a receiver has all",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(100, 7000), RECEIVER(1000, 0), BACKUP(500, 99)},
     0,
     0,
     60,
     CONFIDENCE_HIGH},
    {"a backup is newer than the hole",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(100, 700), BACKUP(500, 99), .hole = true},
     99,
     500,
     120,
     CONFIDENCE_HIGH},
    {"no archive, a backup",
     DISASTER_SITE,
     {.flushed = 1000, BACKUP(500, 99)},
     99,
     500,
     UNKNOWN,
     CONFIDENCE_HIGH},
    {"an archive without a backup",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(900, 7)},
     7,
     100,
     120,
     CONFIDENCE_LOW},
    {"nothing", DISASTER_SITE, {.flushed = 1000}, UNKNOWN, UNKNOWN, UNKNOWN, CONFIDENCE_NONE},
    {"an archive from before all memory",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(900, UNKNOWN), BACKUP(500, UNKNOWN)},
     UNKNOWN,
     100,
     120,
     CONFIDENCE_NONE},
    {"an archive from before all memory, a backup with a time",
     DISASTER_SITE,
     {.flushed = 1000, ARCHIVE(900, UNKNOWN), BACKUP(500, 99)},
     99,
     500,
     120,
     CONFIDENCE_HIGH},
    {"a standby is no archive",
     DISASTER_SITE,
     {.flushed = 1000, STANDBY(1000, 0)},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},

    {"a standby that archives nothing",
     DISASTER_SITE,
     {.flushed = 1000, BACKUP(500, 99), .asks_primary = true},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},
    {"a table, on such a standby",
     DISASTER_TABLE,
     {.flushed = 1000, BACKUP(500, 99), .asks_primary = true},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},

    /* ---- the server is lost, a standby is left ---- */
    {"a standby that is behind",
     DISASTER_SERVER,
     {.flushed = 1000, STANDBY(700, 3)},
     3,
     300,
     0,
     CONFIDENCE_HIGH},
    {"a standby that has all",
     DISASTER_SERVER,
     {.flushed = 1000, STANDBY(1000, 0)},
     0,
     0,
     0,
     CONFIDENCE_HIGH},
    {"no standby",
     DISASTER_SERVER,
     {.flushed = 1000, ARCHIVE(900, 0)},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},

    /* ---- a table is dropped ---- */
    {"a backup and WAL",
     DISASTER_TABLE,
     {.flushed = 1000, ARCHIVE(100, 900), BACKUP(50, 99), .archiving = ARCHIVING_FAILING},
     0,
     0,
     0,
     CONFIDENCE_HIGH},
    {"a backup and a receiver",
     DISASTER_TABLE,
     {.flushed = 1000, RECEIVER(900, 1), BACKUP(50, 99), .archiving = ARCHIVING_OFF},
     0,
     0,
     0,
     CONFIDENCE_HIGH},
    {"a backup and a hole",
     DISASTER_TABLE,
     {.flushed = 1000, ARCHIVE(100, 900), BACKUP(50, 950), .hole = true},
     900,
     900,
     UNKNOWN,
     CONFIDENCE_HIGH},
    {"a backup alone",
     DISASTER_TABLE,
     {.flushed = 1000, BACKUP(50, 99), .archiving = ARCHIVING_OFF},
     99,
     950,
     UNKNOWN,
     CONFIDENCE_HIGH},
    {"a dump alone",
     DISASTER_TABLE,
     {.flushed = 1000, DUMP(50), ARCHIVE(900, 1)},
     50,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_HIGH},
    {"WAL alone",
     DISASTER_TABLE,
     {.flushed = 1000, ARCHIVE(900, 1)},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},

    /* ---- a crash ---- */
    {"as the server promises",
     DISASTER_CRASH,
     {.flushed = 1000, .inserted = 1200},
     0,
     0,
     0,
     CONFIDENCE_HIGH},
    {"commits that do not wait, all flushed",
     DISASTER_CRASH,
     {.flushed = 1000, .inserted = 1000, .off_commit = true, .writer_us = 200},
     0,
     0,
     600,
     CONFIDENCE_HIGH},
    {"commits that do not wait",
     DISASTER_CRASH,
     {.flushed = 1000, .inserted = 1200, .off_commit = true, .writer_us = 200},
     600,
     200,
     600,
     CONFIDENCE_HIGH},
    {"fsync is off",
     DISASTER_CRASH,
     {.flushed = 1000, .inserted = 1000, .unsafe_fsync = true},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},
    {"full_page_writes is off",
     DISASTER_CRASH,
     {.flushed = 1000, .unsafe_pages = true},
     UNKNOWN,
     UNKNOWN,
     UNKNOWN,
     CONFIDENCE_NONE},
};

static void
test_examples(void)
{
	Exposure exposure;

	for (int i = 0; i < lengthof(examples); i++)
	{
		const Example *e = &examples[i];

		dbops_exposure_judge(&e->facts, e->failure, &exposure);
		is_int(exposure.rpo_us, e->rpo_us, "%s: time", e->name);
		is_int(exposure.rpo_bytes, e->rpo_bytes, "%s: bytes", e->name);
		is_int(exposure.design_us, e->design_us, "%s: by design", e->name);
		is_int(exposure.confidence, e->confidence, "%s: confidence", e->name);
		ok(exposure.why[0] != '\0', "%s: %s", e->name, exposure.why);
	}
}

/* Each state that exposes data has a remedy. */
static void
test_remedies(void)
{
	static const ArchivingState bad[] = {ARCHIVING_FAILING,    ARCHIVING_HANGING,
	                                     ARCHIVING_DISCARDING, ARCHIVING_DROPPING,
	                                     ARCHIVING_NO_COMMAND, ARCHIVING_OFF};
	ExposureFacts facts = {.flushed = 1000, BACKUP(50, 99)};
	Exposure exposure;

	for (int i = 0; i < lengthof(bad); i++)
	{
		facts.archiving = bad[i];
		dbops_exposure_judge(&facts, DISASTER_SITE, &exposure);
		ok(exposure.what_to_do[0] != '\0', "%s: %s", dbops_archiving_states[bad[i]],
		   exposure.what_to_do);
	}
}

int
main(void)
{
	test_examples();
	test_remedies();
	return tap_done();
}
