/*
 * collect/pgbackrest.c
 *		What `pgbackrest info --output=json` prints; see pgbackrest.h.
 *
 * A stanza is a cluster, whose backups and WAL lie in one repository or several; each backup says
 * in which, and of which of the cluster's lives (after pg_upgrade it has another number and system
 * identifier).  A repository's own status is there from 2.32 on, the stanza's always; its codes are
 * in the tool's src/command/info/info.c.
 */
#include "postgres.h"

#include "collect/pgbackrest.h"

bool
dbops_pgbackrest_recognise(const Json *root)
{
	if (root->kind != JSON_ARRAY)
		return false;
	for (const Json *stanza = root->first; stanza != NULL; stanza = stanza->next)
	{
		if (stanza->kind != JSON_OBJECT || dbops_json_text(stanza, "name") == NULL ||
		    dbops_json_member(stanza, "backup", JSON_ARRAY) == NULL)
			return false;
	}
	return true;
}

/* The first value of an array, or NULL. */
static const Json *
first_of(const Json *object, const char *name)
{
	const Json *array = dbops_json_member(object, name, JSON_ARRAY);

	return array == NULL ? NULL : array->first;
}

static const char *
repository_name(int64 key)
{
	return psprintf("repo%lld", (long long) key);
}

/* Of the cluster's life that has this number in this repository; 0 when it is not told. */
static int64
find_system(const Json *stanza, int64 id, int64 key)
{
	for (const Json *life = first_of(stanza, "db"); life != NULL; life = life->next)
	{
		if (dbops_json_integer(life, "id", -1) == id &&
		    dbops_json_integer(life, "repo-key", 1) == key)
			return dbops_json_integer(life, "system-id", 0);
	}
	return 0;
}

/* The newest life has the highest number. */
static int64
find_newest_system(const Json *stanza, int64 key)
{
	int64 newest = -1;

	for (const Json *life = first_of(stanza, "db"); life != NULL; life = life->next)
	{
		if (dbops_json_integer(life, "repo-key", 1) == key)
			newest = Max(newest, dbops_json_integer(life, "id", -1));
	}
	return find_system(stanza, newest, key);
}

/* ---- repositories ---- */

/* The states in which all backups there are have been listed: well, none valid, mixed. */
static bool
is_whole(int status_code)
{
	return status_code == 0 || status_code == 2 || status_code == 4;
}

static ToolRepository *
add_repository(ToolCatalogue *catalogue, const Json *stanza, int64 key)
{
	ToolRepository *repository = dbops_tool_catalogue_add_repository(catalogue);
	const Json *status = dbops_json_member(stanza, "status", JSON_OBJECT);
	const Json *lock = dbops_json_member(status, "lock", JSON_OBJECT);

	repository->server = dbops_json_text(stanza, "name");
	repository->name = repository_name(key);
	repository->status_code = dbops_json_integer(status, "code", 0);
	repository->status = dbops_json_text(status, "message");
	repository->cipher = dbops_json_text(stanza, "cipher");
	repository->busy =
	    dbops_json_boolean(dbops_json_member(lock, "backup", JSON_OBJECT), "held", false);
	repository->system_identifier = find_newest_system(stanza, key);
	return repository;
}

static void
add_repositories(ToolCatalogue *catalogue, const Json *stanza)
{
	for (const Json *json = first_of(stanza, "repo"); json != NULL; json = json->next)
	{
		ToolRepository *repository =
		    add_repository(catalogue, stanza, dbops_json_integer(json, "key", 1));
		const Json *status = dbops_json_member(json, "status", JSON_OBJECT);

		if (status != NULL)
		{
			repository->status_code = dbops_json_integer(status, "code", 0);
			repository->status = dbops_json_text(status, "message");
		}
		if (dbops_json_text(json, "cipher") != NULL)
			repository->cipher = dbops_json_text(json, "cipher");
		repository->whole = is_whole(repository->status_code);
	}
	/* Versions that know but one repository do not list it. */
	if (dbops_json_member(stanza, "repo", JSON_ARRAY) == NULL)
	{
		ToolRepository *only = add_repository(catalogue, stanza, 1);

		only->whole = is_whole(only->status_code);
	}
}

/* Segments of the newest life are listed last. */
static void
take_archive(ToolCatalogue *catalogue, const Json *stanza, const Json *archive)
{
	const Json *database = dbops_json_member(archive, "database", JSON_OBJECT);
	ToolRepository *repository =
	    dbops_tool_catalogue_find(catalogue, dbops_json_text(stanza, "name"),
	                              repository_name(dbops_json_integer(database, "repo-key", 1)));

	if (repository == NULL)
		return;
	repository->first_wal = dbops_json_text(archive, "min");
	repository->last_wal = dbops_json_text(archive, "max");
}

/* ---- backups ---- */

static ToolBackupKind
read_kind(const char *type)
{
	if (type != NULL && strcmp(type, "diff") == 0)
		return TOOL_BACKUP_DIFFERENTIAL;
	if (type != NULL && strcmp(type, "incr") == 0)
		return TOOL_BACKUP_INCREMENTAL;
	return TOOL_BACKUP_BASE;
}

static void
add_backup(ToolCatalogue *catalogue, const Json *stanza, const Json *json)
{
	ToolBackup *backup = dbops_tool_catalogue_add_backup(catalogue);
	const Json *database = dbops_json_member(json, "database", JSON_OBJECT);
	const Json *archive = dbops_json_member(json, "archive", JSON_OBJECT);
	const Json *lsn = dbops_json_member(json, "lsn", JSON_OBJECT);
	const Json *times = dbops_json_member(json, "timestamp", JSON_OBJECT);
	const Json *sizes = dbops_json_member(json, "info", JSON_OBJECT);
	const Json *stored = dbops_json_member(sizes, "repository", JSON_OBJECT);
	int64 key = dbops_json_integer(database, "repo-key", 1);

	backup->label = dbops_json_text(json, "label");
	if (backup->label == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("a backup of stanza \"%.100s\" has no label",
		                       dbops_json_text(stanza, "name"))));
	backup->prior = dbops_json_text(json, "prior");
	backup->server = dbops_json_text(stanza, "name");
	backup->repository = repository_name(key);
	backup->kind = read_kind(dbops_json_text(json, "type"));
	backup->erroneous = dbops_json_boolean(json, "error", false);
	if (backup->erroneous)
		backup->evidence = "pgBackRest found pages with wrong checksums when it took this backup";
	backup->started_at = dbops_tool_catalogue_time(dbops_json_integer(times, "start", -1));
	backup->ended_at = dbops_tool_catalogue_time(dbops_json_integer(times, "stop", -1));
	backup->start_lsn = dbops_tool_catalogue_lsn(dbops_json_text(lsn, "start"));
	backup->stop_lsn = dbops_tool_catalogue_lsn(dbops_json_text(lsn, "stop"));
	backup->timeline = dbops_tool_catalogue_timeline(dbops_json_text(archive, "stop"));
	backup->size_bytes = dbops_json_integer(sizes, "size", -1);
	/* What it took from its prior takes no place again. */
	backup->stored_bytes = dbops_json_integer(stored, "delta", -1);
	backup->system_identifier = find_system(stanza, dbops_json_integer(database, "id", -1), key);
}

void
dbops_pgbackrest_read(const Json *root, ToolCatalogue *catalogue)
{
	for (const Json *stanza = root->first; stanza != NULL; stanza = stanza->next)
	{
		add_repositories(catalogue, stanza);
		for (const Json *json = first_of(stanza, "archive"); json != NULL; json = json->next)
			take_archive(catalogue, stanza, json);
		for (const Json *json = first_of(stanza, "backup"); json != NULL; json = json->next)
			add_backup(catalogue, stanza, json);
	}
}
