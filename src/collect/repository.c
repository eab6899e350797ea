/*
 * collect/repository.c
 *		The families "backup_repository" and "verification": what backup tools tell, and which backups
 *		were compared with their manifests.
 *
 * Both are read from the board that the keeper writes from its tables, so they can be had in any
 * process.  They are in one file as both are a few numbers of one source.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/backup_board.h"
#include "store/frame.h"

enum
{
	REPOSITORY_FAILING,
	REPOSITORY_STATUS_CODE,
	REPOSITORY_BACKUPS,
	REPOSITORY_BASE_BACKUPS,
	REPOSITORY_ERRONEOUS,
	REPOSITORY_FAILED,
	REPOSITORY_STORED_BYTES,
	REPOSITORY_BEHIND_SECONDS,
	REPOSITORY_OLDEST_AT,
	REPOSITORY_NEWEST_AT,
	REPOSITORY_NEWEST_BASE_AT,
	REPOSITORY_LISTED_AT,
	REPOSITORY_FAILING_SINCE,
	REPOSITORY_BUSY,
};

enum
{
	LABEL_TOOL,
	LABEL_SERVER,
	LABEL_REPOSITORY,
};

static const Label repository_labels[] = {
    [LABEL_TOOL] = LABEL("tool", LABEL_TEXT, NAMES_NONE, "Backup tool"),
    [LABEL_SERVER] =
        LABEL("server", LABEL_TEXT, NAMES_NONE, "What the tool calls the server: its stanza"),
    [LABEL_REPOSITORY] = LABEL("repository", LABEL_TEXT, NAMES_NONE,
                               "Repository; the program, when it has told of none"),
};

static const Metric repository_metrics[] = {
    [REPOSITORY_FAILING] = FLAG(1, "failing", "1 while the command that lists it fails, else 0"),
    [REPOSITORY_STATUS_CODE] =
        GAUGE(2, "status_code", "", ROLLUP_MAX, "What the tool says of it; 0 is well"),
    [REPOSITORY_BACKUPS] = GAUGE(3, "backups", "", ROLLUP_LAST, "Good backups in it"),
    [REPOSITORY_BASE_BACKUPS] =
        GAUGE(4, "base_backups", "", ROLLUP_LAST, "Those of them that build on none"),
    [REPOSITORY_ERRONEOUS] =
        GAUGE(5, "erroneous", "", ROLLUP_MAX, "Backups in which the tool found errors"),
    [REPOSITORY_FAILED] = GAUGE(6, "failed", "", ROLLUP_MAX, "Backups that failed"),
    [REPOSITORY_STORED_BYTES] =
        GAUGE(7, "stored_bytes", "bytes", ROLLUP_LAST, "Size of its backups, as they are stored"),
    [REPOSITORY_BEHIND_SECONDS] =
        GAUGE(8, "behind_seconds", "seconds", ROLLUP_MAX,
              "Time from its newest backup to that of the same server in any repository"),
    [REPOSITORY_OLDEST_AT] = INSTANT(9, "oldest_at", "End of its oldest backup"),
    [REPOSITORY_NEWEST_AT] = INSTANT(10, "newest_at", "End of its newest backup"),
    [REPOSITORY_NEWEST_BASE_AT] =
        INSTANT(11, "newest_base_at", "End of its newest backup that builds on none"),
    [REPOSITORY_LISTED_AT] = SIGN_OF_LIFE(12, "listed_at", "When its backups were last listed"),
    [REPOSITORY_FAILING_SINCE] =
        INSTANT(13, "failing_since", "Since when the command fails that lists it"),
    [REPOSITORY_BUSY] = FLAG(14, "busy", "1 while a backup runs, else 0"),
};

enum
{
	VERIFICATION_BACKUPS,
	VERIFICATION_VERIFIED,
	VERIFICATION_DAMAGED,
	VERIFICATION_PROBLEMS,
	VERIFICATION_VERIFIED_AT,
};

static const Metric verification_metrics[] = {
    [VERIFICATION_BACKUPS] = GAUGE(1, "backups", "", ROLLUP_LAST, "Base backups with a manifest"),
    [VERIFICATION_VERIFIED] =
        GAUGE(2, "verified", "", ROLLUP_LAST, "Those that were compared with their manifest"),
    [VERIFICATION_DAMAGED] =
        GAUGE(3, "damaged", "", ROLLUP_MAX, "Backups whose last comparison found problems"),
    [VERIFICATION_PROBLEMS] = GAUGE(4, "problems", "", ROLLUP_MAX, "Problems found in them"),
    [VERIFICATION_VERIFIED_AT] = INSTANT(5, "verified_at", "When a backup was last compared"),
};

static int64
instant(TimestampTz at)
{
	return at == 0 ? FAMILY_NULL : at;
}

static void
read_repositories(Frame *frame)
{
	const BackupBoard *board = dbops_backup_board_copy();

	for (int i = 0; board != NULL && i < board->nrepositories; i++)
	{
		const RepositoryFacts *facts = &board->repositories[i];
		const char *texts[] = {facts->tool, facts->server, facts->name};
		EntityKey key = {0};
		int64 *values;

		for (int label = 0; label < lengthof(texts); label++)
			key.num[label] = dbops_entity_hash(texts[label]);
		values = dbops_frame_add_texts(frame, &key, texts);
		values[REPOSITORY_FAILING] = facts->failing;
		values[REPOSITORY_STATUS_CODE] = facts->status_code;
		values[REPOSITORY_BACKUPS] = facts->backups;
		values[REPOSITORY_BASE_BACKUPS] = facts->base_backups;
		values[REPOSITORY_ERRONEOUS] = facts->erroneous;
		values[REPOSITORY_FAILED] = facts->failed;
		values[REPOSITORY_STORED_BYTES] = facts->stored_bytes;
		values[REPOSITORY_BEHIND_SECONDS] = facts->behind_seconds;
		values[REPOSITORY_OLDEST_AT] = instant(facts->oldest_at);
		values[REPOSITORY_NEWEST_AT] = instant(facts->newest_at);
		values[REPOSITORY_NEWEST_BASE_AT] = instant(facts->newest_base_at);
		values[REPOSITORY_LISTED_AT] = instant(facts->listed_at);
		values[REPOSITORY_FAILING_SINCE] = instant(facts->failing_since);
		values[REPOSITORY_BUSY] = facts->busy;
	}
}

static void
read_verification(Frame *frame)
{
	const BackupBoard *board = dbops_backup_board_copy();
	const EntityKey key = {0};
	int64 *values;

	if (board == NULL)
		return;
	values = dbops_frame_add(frame, &key, NULL);
	values[VERIFICATION_BACKUPS] = board->verification.backups;
	values[VERIFICATION_VERIFIED] = board->verification.verified;
	values[VERIFICATION_DAMAGED] = board->verification.damaged;
	values[VERIFICATION_PROBLEMS] = board->verification.damaged_problems;
	values[VERIFICATION_VERIFIED_AT] = instant(board->verification.verified_at);
}

const Family dbops_family_backup_repository = {
    .id = 40,
    .name = "backup_repository",
    .help = "Repositories of backup tools, as their commands tell of them",
    .cadence = CADENCE_WIDE,
    LABELS(repository_labels),
    METRICS(repository_metrics),
    .refresh_hourly = true,
    .rarely_changes = true,
    .read = read_repositories,
};

const Family dbops_family_verification = {
    .id = 41,
    .name = "verification",
    .help = "Base backups compared with their manifests",
    .cadence = CADENCE_WIDE,
    METRICS(verification_metrics),
    .refresh_hourly = true,
    .rarely_changes = true,
    .read = read_verification,
};
