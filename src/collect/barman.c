/*
 * collect/barman.c
 *		What Barman prints with -f json; see barman.h.
 *
 * All three commands print an object with a member per server: an array of backups (list-backups),
 * one backup with all that is known of it (show-backup), or the settings of the server and what was
 * seen of it (show-servers).  Members that begin with an underscore are what Barman says besides.
 * A server's backups lie in one place, so the repository is the server.
 */
#include "postgres.h"

#include "collect/barman.h"

/* Which states of a backup it can be restored in, and which are not final. */
typedef struct BarmanStatus
{
	const char *word;
	ToolBackupStatus status;
	const char *evidence;
} BarmanStatus;

static const BarmanStatus statuses[] = {
    {"DONE", TOOL_BACKUP_OK, NULL},
    {"WAITING_FOR_WALS", TOOL_BACKUP_OK, "Barman waits for the WAL it needs"},
    {"STARTED", TOOL_BACKUP_RUNNING, "Barman says STARTED"},
    {"EMPTY", TOOL_BACKUP_RUNNING, "Barman says EMPTY"},
    {"SYNCING", TOOL_BACKUP_RUNNING, "Barman says SYNCING"},
    {"FAILED", TOOL_BACKUP_FAILED, "Barman says FAILED"},
};

static bool
is_said_besides(const Json *member)
{
	return member->name[0] == '_';
}

bool
dbops_barman_recognise(const Json *root)
{
	if (root->kind != JSON_OBJECT)
		return false;
	for (const Json *server = root->first; server != NULL; server = server->next)
	{
		if (server->kind != JSON_ARRAY && server->kind != JSON_OBJECT)
			return false;
		if (server->kind == JSON_OBJECT && dbops_json_text(server, "backup_id") == NULL &&
		    dbops_json_member(server, "backup_directory", JSON_TEXT) == NULL)
			return false;
		if (server->kind == JSON_ARRAY && !is_said_besides(server) && server->first != NULL &&
		    server->first->kind != JSON_OBJECT)
			return false;
	}
	return true;
}

/* Numbers come as texts, too. */
static int64
read_number(const Json *object, const char *name)
{
	const char *words = dbops_json_text(object, name);
	char *end;
	int64 value;

	if (words == NULL)
		return -1;
	errno = 0;
	value = strtoll(words, &end, 10);
	if (errno != 0 || end == words || *end != '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("member \"%s\" of a backup of Barman is no number: \"%.40s\"", name,
		                       words)));
	return value;
}

static void
take_status(ToolBackup *backup, const char *word)
{
	for (int i = 0; word != NULL && i < lengthof(statuses); i++)
	{
		if (strcmp(statuses[i].word, word) != 0)
			continue;
		backup->status = statuses[i].status;
		backup->evidence = statuses[i].evidence;
		return;
	}
	/* What is not known is not said to be good. */
	backup->status = TOOL_BACKUP_FAILED;
	backup->evidence = psprintf("Barman says %.100s", word == NULL ? "nothing of its state" : word);
}

static ToolBackup *
add_backup(ToolCatalogue *catalogue, const Json *json, const char *server)
{
	ToolBackup *backup = dbops_tool_catalogue_add_backup(catalogue);
	const char *type = dbops_json_text(json, "backup_type");

	backup->label = dbops_json_text(json, "backup_id");
	if (backup->label == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("a backup of server \"%.100s\" has no backup_id", server)));
	backup->server = server;
	backup->repository = server;
	take_status(backup, dbops_json_text(json, "status"));
	if (type != NULL && strcmp(type, "incremental") == 0)
		backup->kind = TOOL_BACKUP_INCREMENTAL;
	return backup;
}

/* Of list-backups: when it ended and what it takes. */
static void
add_listed(ToolCatalogue *catalogue, const Json *json, const char *server)
{
	ToolBackup *backup = add_backup(catalogue, json, server);

	backup->ended_at = dbops_tool_catalogue_time(read_number(json, "end_time_timestamp"));
	backup->stored_bytes = dbops_json_integer(json, "size_bytes", -1);
}

/* From 3.11 on the size of the cluster is told apart from what was copied of it. */
static void
take_sizes(ToolBackup *backup, const Json *json, const Json *base)
{
	int64 copied = dbops_json_integer(base, "backup_size_bytes", -1);

	if (copied < 0)
		copied = dbops_json_integer(base, "disk_usage_bytes", -1);
	backup->size_bytes = dbops_json_integer(json, "cluster_size_bytes", copied);
	backup->stored_bytes = dbops_json_integer(base, "incremental_size_bytes", copied);
}

/* Of show-backup: all that is known.  Its parent is "-" when it has none. */
static void
add_shown(ToolCatalogue *catalogue, const Json *json, const char *server)
{
	ToolBackup *backup = add_backup(catalogue, json, server);
	const Json *base = dbops_json_member(json, "base_backup_information", JSON_OBJECT);
	const Json *about = dbops_json_member(json, "catalog_information", JSON_OBJECT);
	const char *type = dbops_json_text(base, "backup_type");
	const char *parent = dbops_json_text(about, "parent_backup_id");
	const char *error = dbops_json_text(json, "error");
	int64 system = read_number(json, "system_id");

	if (type != NULL && strcmp(type, "incremental") == 0)
		backup->kind = TOOL_BACKUP_INCREMENTAL;
	if (parent != NULL && strspn(parent, "0123456789T") == strlen(parent))
		backup->prior = parent;
	if (error != NULL)
		backup->evidence = error;
	backup->started_at = dbops_tool_catalogue_time(read_number(base, "begin_time_timestamp"));
	backup->ended_at = dbops_tool_catalogue_time(read_number(base, "end_time_timestamp"));
	backup->start_lsn = dbops_tool_catalogue_lsn(dbops_json_text(base, "begin_lsn"));
	backup->stop_lsn = dbops_tool_catalogue_lsn(dbops_json_text(base, "end_lsn"));
	backup->timeline = dbops_json_integer(base, "timeline", -1);
	take_sizes(backup, json, base);
	backup->system_identifier = system < 0 ? 0 : system;
}

static ToolRepository *
find_repository(ToolCatalogue *catalogue, const char *server)
{
	ToolRepository *repository = dbops_tool_catalogue_find(catalogue, server, server);

	if (repository == NULL)
	{
		repository = dbops_tool_catalogue_add_repository(catalogue);
		repository->server = server;
		repository->name = server;
		repository->status = "ok";
	}
	return repository;
}

static void
take_settings(ToolRepository *repository, const Json *json)
{
	int64 system = read_number(json, "postgres_systemid");

	if (system < 0)
		system = read_number(json, "streaming_systemid");
	repository->retention = dbops_json_text(json, "retention_policy");
	repository->system_identifier = system < 0 ? 0 : system;
	if (!dbops_json_boolean(json, "active", true))
	{
		repository->status_code = 1;
		repository->status = "the server is passive or not active in Barman";
	}
}

/* What Barman says besides concerns all servers: it is kept where there is nothing worse. */
static void
take_said(ToolCatalogue *catalogue, const Json *said)
{
	if (strcmp(said->name, "_ERROR") != 0 && strcmp(said->name, "_EXCEPTION") != 0)
		return;
	dbops_json_expect(said, JSON_ARRAY);
	if (said->first != NULL)
		dbops_json_expect(said->first, JSON_TEXT);
	for (int i = 0; said->first != NULL && i < catalogue->nrepositories; i++)
	{
		catalogue->repositories[i].status_code = 1;
		catalogue->repositories[i].status = said->first->words;
	}
}

void
dbops_barman_read(const Json *root, ToolCatalogue *catalogue)
{
	for (const Json *server = root->first; server != NULL; server = server->next)
	{
		ToolRepository *repository;

		if (is_said_besides(server))
			continue;
		repository = find_repository(catalogue, server->name);
		if (server->kind == JSON_ARRAY)
		{
			repository->whole = true;
			for (const Json *json = server->first; json != NULL; json = json->next)
				add_listed(catalogue, json, server->name);
		}
		else if (dbops_json_text(server, "backup_id") != NULL)
			add_shown(catalogue, server, server->name);
		else
			take_settings(repository, server);
	}
	for (const Json *server = root->first; server != NULL; server = server->next)
	{
		if (is_said_besides(server))
			take_said(catalogue, server);
	}
}
