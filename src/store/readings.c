/*
 * store/readings.c
 *		What commands told on a standby; see readings.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/compat.h"
#include "core/encoding.h"
#include "store/family.h"
#include "store/readings.h"

typedef struct Board
{
	LWLock lock;
	Readings content;
} Board;

static Board *board = NULL;

Size
dbops_readings_shmem_size(void)
{
	return MAXALIGN(sizeof(Board));
}

void
dbops_readings_shmem_init(void)
{
	bool found;

	board = ShmemInitStruct("dbops readings", dbops_readings_shmem_size(), &found);
	if (found)
		return;
	memset(board, 0, sizeof(*board));
	LWLockInitialize(&board->lock, dbops_compat_new_tranche("dbops_readings"));
}

/* A text that is not told leaves what was known. */
static void
take_words(char *kept, Size size, const char *words)
{
	if (words == NULL)
		return;
	strlcpy(kept, words, dbops_encoding_clip(words, (int) strlen(words), (int) size - 1) + 1);
}

#define TAKE_WORDS(kept, words) take_words((kept), sizeof(kept), (words))

/* Their number is small: the last takes the place of one that goes. */
#define REMOVE(array, count, i) ((array)[i] = (array)[--(count)])

/* ---- commands ---- */

static CommandReading *
find_command(Readings *content, int position)
{
	for (int i = 0; i < content->ncommands; i++)
	{
		if (content->commands[i].position == position)
			return &content->commands[i];
	}
	if (content->ncommands == READINGS_COMMANDS)
		return NULL;
	content->commands[content->ncommands] = (CommandReading){.position = position};
	return &content->commands[content->ncommands++];
}

static void
keep_command(CommandReading *kept, const BackupCommand *command)
{
	bool failed = command->sqlerrcode != 0;

	if (strncmp(kept->program, command->program, sizeof(kept->program) - 1) != 0)
		*kept = (CommandReading){.position = command->position};
	TAKE_WORDS(kept->program, command->program);
	TAKE_WORDS(kept->tool, command->tool);
	TAKE_WORDS(kept->sqlstate, failed ? unpack_sql_state(command->sqlerrcode) : "");
	TAKE_WORDS(kept->error, failed && command->error != NULL ? command->error : "");
	kept->ran_at = command->ran_at;
	kept->took_ms = command->took_ms;
	kept->failures = failed ? kept->failures + 1 : 0;
	if (!failed)
	{
		kept->read_at = command->ran_at;
		kept->failing_since = 0;
	}
	else if (kept->failing_since == 0)
		kept->failing_since = command->ran_at;
}

void
dbops_readings_keep_command(const BackupCommand *command)
{
	CommandReading *kept;

	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	kept = find_command(&board->content, command->position);
	if (kept != NULL)
		keep_command(kept, command);
	LWLockRelease(&board->lock);
}

/* Backups of commands at these positions. */
static void
forget_backups(Readings *content, int first, int last)
{
	for (int i = content->nbackups - 1; i >= 0; i--)
	{
		int position = content->backups[i].position;

		if (position >= first && position <= last)
			REMOVE(content->backups, content->nbackups, i);
	}
}

/* Repositories of commands at these positions, which were told of before. */
static void
forget_repositories(Readings *content, int first, int last, TimestampTz before)
{
	for (int i = content->nrepositories - 1; i >= 0; i--)
	{
		const RepositoryReading *kept = &content->repositories[i];

		if (kept->position >= first && kept->position <= last && kept->read_at < before)
			REMOVE(content->repositories, content->nrepositories, i);
	}
}

void
dbops_readings_forget_backups(int position)
{
	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	forget_backups(&board->content, position, position);
	LWLockRelease(&board->lock);
}

void
dbops_readings_forget_missing(int position, TimestampTz read_at)
{
	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	forget_repositories(&board->content, position, position, read_at);
	LWLockRelease(&board->lock);
}

void
dbops_readings_forget_beyond(int positions)
{
	Readings *content = &board->content;

	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	forget_backups(content, positions + 1, PG_INT32_MAX);
	forget_repositories(content, positions + 1, PG_INT32_MAX, DT_NOEND);
	for (int i = content->ncommands - 1; i >= 0; i--)
	{
		if (content->commands[i].position > positions)
			REMOVE(content->commands, content->ncommands, i);
	}
	LWLockRelease(&board->lock);
}

/* ---- repositories ---- */

static RepositoryReading *
find_repository(Readings *content, const Repository *told)
{
	RepositoryReading *kept;

	for (int i = 0; i < content->nrepositories; i++)
	{
		kept = &content->repositories[i];
		if (strcmp(kept->tool, told->tool) == 0 && strcmp(kept->server, told->server) == 0 &&
		    strcmp(kept->name, told->name) == 0)
			return kept;
	}
	if (content->nrepositories == READINGS_REPOSITORIES)
		return NULL;
	kept = &content->repositories[content->nrepositories++];
	*kept = (RepositoryReading){.position = told->position,
	                            .status_code = FAMILY_NULL,
	                            .backups = FAMILY_NULL,
	                            .base_backups = FAMILY_NULL,
	                            .erroneous = FAMILY_NULL,
	                            .failed = FAMILY_NULL,
	                            .stored_bytes = FAMILY_NULL};
	TAKE_WORDS(kept->tool, told->tool);
	TAKE_WORDS(kept->server, told->server);
	TAKE_WORDS(kept->name, told->name);
	return kept;
}

static void
keep_listed(RepositoryReading *kept, const Repository *told, TimestampTz read_at)
{
	kept->position = told->position;
	kept->backups = told->backups;
	kept->base_backups = told->base_backups;
	kept->erroneous = told->erroneous;
	kept->failed = told->failed;
	kept->stored_bytes = told->stored_bytes < 0 ? FAMILY_NULL : told->stored_bytes;
	kept->oldest_at = told->oldest_at;
	kept->newest_at = told->newest_at;
	kept->newest_base_at = told->newest_base_at;
	kept->listed_at = read_at;
}

/* As the table has it: the command that lists backups counts, what others tell is added. */
void
dbops_readings_keep_repository(const Repository *told, TimestampTz read_at)
{
	RepositoryReading *kept;

	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	kept = find_repository(&board->content, told);
	if (kept != NULL)
	{
		TAKE_WORDS(kept->retention, told->retention);
		TAKE_WORDS(kept->cipher, told->cipher);
		TAKE_WORDS(kept->first_wal, told->first_wal);
		TAKE_WORDS(kept->last_wal, told->last_wal);
		if (told->system_identifier != 0)
			kept->system_identifier = told->system_identifier;
		if (told->listed || told->status_code != 0)
		{
			kept->status_code = told->status_code;
			TAKE_WORDS(kept->status, told->status);
			kept->busy_told = true;
			kept->busy = told->busy;
		}
		if (told->listed)
			keep_listed(kept, told, read_at);
		kept->read_at = read_at;
	}
	LWLockRelease(&board->lock);
}

int64
dbops_readings_identifier(const char *tool, const char *server)
{
	int64 identifier = 0;

	LWLockAcquire(&board->lock, LW_SHARED);
	for (int i = 0; i < board->content.nrepositories; i++)
	{
		const RepositoryReading *kept = &board->content.repositories[i];

		if (kept->system_identifier != 0 && strcmp(kept->tool, tool) == 0 &&
		    strcmp(kept->server, server) == 0)
			identifier = kept->system_identifier;
	}
	LWLockRelease(&board->lock);
	return identifier;
}

/* ---- backups ---- */

/* Where there is no more room, the oldest makes some. */
static BackupReading *
place_backup(Readings *content, const Backup *backup)
{
	BackupReading *oldest = &content->backups[0];

	if (content->nbackups < READINGS_BACKUPS)
		return &content->backups[content->nbackups++];
	for (int i = 1; i < READINGS_BACKUPS; i++)
	{
		if (content->backups[i].started_at < oldest->started_at)
			oldest = &content->backups[i];
	}
	return oldest->started_at < backup->started_at ? oldest : NULL;
}

void
dbops_readings_keep_backup(const Backup *backup, int position)
{
	BackupReading *kept;

	LWLockAcquire(&board->lock, LW_EXCLUSIVE);
	kept = place_backup(&board->content, backup);
	if (kept != NULL)
	{
		*kept = (BackupReading){.position = position,
		                        .kind = backup->kind,
		                        .status = backup->status,
		                        .wal_archived = backup->wal_archived == BACKUP_YES,
		                        .started_at = backup->started_at,
		                        .ended_at = backup->ended_at,
		                        .start_lsn = backup->start_lsn,
		                        .stop_lsn = backup->stop_lsn,
		                        .timeline = backup->timeline,
		                        .size_bytes = backup->size_bytes,
		                        .stored_bytes = backup->stored_bytes};
		TAKE_WORDS(kept->tool, backup->tool);
		TAKE_WORDS(kept->label, backup->label);
		TAKE_WORDS(kept->prior, backup->prior);
		TAKE_WORDS(kept->repository, backup->repository);
		TAKE_WORDS(kept->evidence, backup->evidence);
	}
	LWLockRelease(&board->lock);
}

Readings *
dbops_readings_copy(void)
{
	Readings *copy;

	if (board == NULL || !RecoveryInProgress())
		return NULL;
	copy = palloc(sizeof(Readings));
	LWLockAcquire(&board->lock, LW_SHARED);
	*copy = board->content;
	LWLockRelease(&board->lock);
	return copy;
}
