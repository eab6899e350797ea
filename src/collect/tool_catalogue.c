/*
 * collect/tool_catalogue.c
 *		What backup tools say of the backups they keep; see tool_catalogue.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "collect/barman.h"
#include "collect/pgbackrest.h"
#include "collect/tool_catalogue.h"
#include "core/json.h"

typedef struct Tool
{
	const char *name;
	bool (*recognise)(const Json *root);
	void (*read)(const Json *root, ToolCatalogue *catalogue);
} Tool;

static const Tool tools[] = {
    {"pgBackRest", dbops_pgbackrest_recognise, dbops_pgbackrest_read},
    {"Barman", dbops_barman_recognise, dbops_barman_read},
};

ToolCatalogue *
dbops_tool_catalogue_read(const char *words, Size size)
{
	Json *root = dbops_json_read(words, size, "what the program printed");
	ToolCatalogue *catalogue = palloc0(sizeof(ToolCatalogue));

	for (int i = 0; i < lengthof(tools); i++)
	{
		if (!tools[i].recognise(root))
			continue;
		catalogue->tool = tools[i].name;
		tools[i].read(root, catalogue);
		return catalogue;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_JSON_TEXT),
	         errmsg("what the program printed is of no backup tool that is known"),
	         errhint("Commands whose output can be read are \"pgbackrest info --output=json\" "
	                 "and \"barman -f json list-backups all\".")));
}

ToolBackup *
dbops_tool_catalogue_add_backup(ToolCatalogue *catalogue)
{
	ToolBackup *backup;

	/* Doubled whenever their number is a power of two. */
	if (catalogue->nbackups == 0)
		catalogue->backups = palloc(sizeof(ToolBackup));
	else if ((catalogue->nbackups & (catalogue->nbackups - 1)) == 0)
		catalogue->backups =
		    repalloc(catalogue->backups, sizeof(ToolBackup) * 2 * (Size) catalogue->nbackups);
	backup = &catalogue->backups[catalogue->nbackups++];
	*backup = (ToolBackup){.timeline = -1, .size_bytes = -1, .stored_bytes = -1};
	return backup;
}

ToolRepository *
dbops_tool_catalogue_add_repository(ToolCatalogue *catalogue)
{
	ToolRepository *repository;

	if (catalogue->nrepositories == 0)
		catalogue->repositories = palloc(sizeof(ToolRepository));
	else if ((catalogue->nrepositories & (catalogue->nrepositories - 1)) == 0)
		catalogue->repositories = repalloc(
		    catalogue->repositories, sizeof(ToolRepository) * 2 * (Size) catalogue->nrepositories);
	repository = &catalogue->repositories[catalogue->nrepositories++];
	memset(repository, 0, sizeof(*repository));
	return repository;
}

ToolRepository *
dbops_tool_catalogue_find(const ToolCatalogue *catalogue, const char *server, const char *name)
{
	for (int i = 0; i < catalogue->nrepositories; i++)
	{
		ToolRepository *repository = &catalogue->repositories[i];

		if (strcmp(repository->server, server) == 0 && strcmp(repository->name, name) == 0)
			return repository;
	}
	return NULL;
}

TimestampTz
dbops_tool_catalogue_time(int64 seconds)
{
	int64 since_2000 =
	    seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64CONST(1) * SECS_PER_DAY;

	/* Beyond the year 9999 it is no time of a backup. */
	if (seconds <= 0 || seconds > INT64CONST(253402300799))
		return 0;
	return since_2000 * USECS_PER_SEC;
}

XLogRecPtr
dbops_tool_catalogue_lsn(const char *words)
{
	uint32 high;
	uint32 low;
	int read = 0;

	if (words == NULL)
		return InvalidXLogRecPtr;
	if (sscanf(words, "%8X/%8X%n", &high, &low, &read) != 2 || words[read] != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("\"%.40s\" is no position in the WAL", words)));
	return ((uint64) high << 32) | low;
}

int64
dbops_tool_catalogue_timeline(const char *segment)
{
	uint32 timeline;

	if (segment == NULL || strlen(segment) < 24 || sscanf(segment, "%8X", &timeline) != 1)
		return -1;
	return timeline;
}
