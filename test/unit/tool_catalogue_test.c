/*
 * test/unit/tool_catalogue_test.c
 *		What pgBackRest and Barman print, as it was printed: read, cut short, and made up to harm.
 *
 * sources: src/collect/tool_catalogue.c src/collect/pgbackrest.c src/collect/barman.c
 * sources: src/core/json.c
 */
#include "postgres.h"

#include "collect/tool_catalogue.h"

#include "tap.h"

/* Seconds from 1970 to 2000. */
#define EPOCH INT64CONST(946684800)

static const char pgbackrest[] =
    "[{\"archive\":[{\"database\":{\"id\":1,\"repo-key\":1},\"id\":\"15-1\","
    "\"max\":\"000000010000000000000009\",\"min\":\"000000010000000000000001\"},"
    "{\"database\":{\"id\":2,\"repo-key\":1},\"id\":\"17-2\","
    "\"max\":\"00000002000000000000000F\",\"min\":\"00000002000000000000000A\"}],"
    "\"backup\":["
    "{\"archive\":{\"start\":\"000000010000000000000002\",\"stop\":\"000000010000000000000003\"},"
    "\"backrest\":{\"format\":5,\"version\":\"2.45\"},\"database\":{\"id\":1,\"repo-key\":1},"
    "\"error\":false,\"info\":{\"delta\":26703786,\"repository\":{\"delta\":3577153,"
    "\"size\":3577153},\"size\":26703786},\"label\":\"20261123-062225F\","
    "\"lsn\":{\"start\":\"0/2000028\",\"stop\":\"A/2019D60\"},\"prior\":null,\"reference\":null,"
    "\"timestamp\":{\"start\":1795414945,\"stop\":1795414948},\"type\":\"full\"},"
    "{\"archive\":{\"start\":\"00000002000000000000000B\",\"stop\":\"00000002000000000000000B\"},"
    "\"database\":{\"id\":2,\"repo-key\":2},\"error\":true,"
    "\"info\":{\"delta\":1097993,\"repository\":{\"delta\":140798,\"size\":3584897},"
    "\"size\":26703785},\"label\":\"20261123-062225F_20261123-062229D\","
    "\"lsn\":{\"start\":\"0/3000028\",\"stop\":\"0/4002120\"},\"prior\":\"20261123-062225F\","
    "\"reference\":[\"20261123-062225F\"],"
    "\"timestamp\":{\"start\":1795414949,\"stop\":1795414951},\"type\":\"diff\"},"
    "{\"database\":{\"id\":2,\"repo-key\":1},\"label\":\"20261123-062225F_20261123-062232I\","
    "\"type\":\"incr\"}],"
    "\"cipher\":\"mixed\",\"db\":["
    "{\"id\":1,\"repo-key\":1,\"system-id\":7711248465018377792,\"version\":\"15\"},"
    "{\"id\":2,\"repo-key\":1,\"system-id\":7711248465018377793,\"version\":\"17\"},"
    "{\"id\":2,\"repo-key\":2,\"system-id\":7711248465018377793,\"version\":\"17\"}],"
    "\"name\":\"main\",\"repo\":[{\"cipher\":\"none\",\"key\":1,\"status\":{\"code\":0,"
    "\"message\":\"ok\"}},{\"cipher\":\"aes-256-cbc\",\"key\":2,\"status\":{\"code\":99,"
    "\"message\":\"other\"}}],\"status\":{\"code\":4,\"lock\":{\"backup\":{\"held\":true}},"
    "\"message\":\"different across repos\"}}]";

static const char missing_stanza[] =
    "[{\"archive\":[],\"backup\":[],\"cipher\":\"none\",\"db\":[],\"name\":\"none\",\"repo\":["
    "{\"cipher\":\"none\",\"key\":1,\"status\":{\"code\":1,\"message\":\"missing stanza path\"}}],"
    "\"status\":{\"code\":1,\"lock\":{\"backup\":{\"held\":false}},"
    "\"message\":\"missing stanza path\"}}]";

/* As versions that know one repository print it. */
static const char old_pgbackrest[] =
    "[{\"archive\":[{\"database\":{\"id\":1},\"id\":\"13-1\",\"max\":\"000000010000000000000009\","
    "\"min\":\"000000010000000000000001\"}],\"backup\":[{\"label\":\"20200101-000000F\","
    "\"database\":{\"id\":1},\"type\":\"full\"}],\"db\":[{\"id\":1,\"system-id\":5,"
    "\"version\":\"13\"}],\"name\":\"main\",\"status\":{\"code\":2,\"message\":\"no valid "
    "backups\"}}]";

static const char listed[] =
    "{\"_INFO\": [\"x\"], \"main\": [{\"backup_id\": \"20261123T062255\","
    "\"end_time\": \"Mon Nov 23 06:22:56 2026\", \"end_time_timestamp\": \"1795414976\","
    "\"retention_status\": \"-\", \"size\": \"41.6 MiB\", \"size_bytes\": 43641724,"
    "\"status\": \"DONE\", \"tablespaces\": [], \"wal_size\": \"0 B\", \"wal_size_bytes\": 0},"
    "{\"backup_id\": \"20261123T072255\", \"status\": \"FAILED\"},"
    "{\"backup_id\": \"20261123T082255\", \"status\": \"STARTED\"},"
    "{\"backup_id\": \"20261123T092255\", \"status\": \"WAITING_FOR_WALS\"},"
    "{\"backup_id\": \"20261123T102255\", \"status\": \"NEW_WORD\"}], \"other\": []}";

static const char shown[] =
    "{\"main\": {\"backup_id\": \"20261123T062255\", \"base_backup_information\": {"
    "\"begin_lsn\": \"0/B000028\", \"begin_time_timestamp\": \"1795414975\","
    "\"begin_wal\": \"00000001000000000000000B\", \"disk_usage_bytes\": 26864508,"
    "\"end_lsn\": \"0/C000000\", \"end_time_timestamp\": \"1795414976\","
    "\"incremental_size_bytes\": 1000, \"throughput_bytes\": 21418338.5, \"timeline\": 3,"
    "\"backup_type\": \"incremental\"},"
    "\"catalog_information\": {\"parent_backup_id\": \"20261122T062255\","
    "\"previous_backup\": \"- (this is the oldest base backup)\","
    "\"retention_policy\": \"VALID\"}, \"pgdata_directory\": \"/d\", \"status\": \"DONE\","
    "\"postgresql_version\": 150020, \"system_id\": \"7711248465018377792\"}}";

/* As version 3.13 prints it. */
static const char newer_shown[] =
    "{\"main\": {\"backup_id\": \"20261123T062255\", \"status\": \"DONE\","
    "\"system_id\": \"5\", \"backup_type\": \"incremental\", \"cluster_size_bytes\": 3000,"
    "\"server_information\": {\"data_checksums\": \"on\"},"
    "\"base_backup_information\": {\"backup_method\": \"postgres\", \"backup_size_bytes\": 200,"
    "\"timeline\": 1, \"begin_lsn\": \"0/B000028\", \"throughput_bytes\": 12},"
    "\"catalog_information\": {\"parent_backup_id\": \"20261122T062255\", \"chain_size\": 2,"
    "\"children_backup_ids\": null}}}";

static const char servers[] =
    "{\"main\": {\"active\": true, \"backup_directory\": \"/b/main\","
    "\"postgres_systemid\": \"7711248465018377792\", \"retention_policy\": \"REDUNDANCY 2\"},"
    "\"gone\": {\"active\": false, \"backup_directory\": \"/b/gone\", \"postgres_systemid\": null,"
    "\"retention_policy\": null}}";

static ToolCatalogue *
read_words(const char *words)
{
	return dbops_tool_catalogue_read(words, strlen(words));
}

static void
test_pgbackrest(void)
{
	ToolCatalogue *catalogue = read_words(pgbackrest);
	const ToolBackup *full = &catalogue->backups[0];
	const ToolBackup *differential = &catalogue->backups[1];
	const ToolRepository *first = dbops_tool_catalogue_find(catalogue, "main", "repo1");
	const ToolRepository *second = dbops_tool_catalogue_find(catalogue, "main", "repo2");

	is_str(catalogue->tool, "pgBackRest", "an array of stanzas is pgBackRest's");
	is_int(catalogue->nbackups, 3, "all backups are read");
	is_str(full->label, "20261123-062225F", "a backup has its label");
	ok(full->prior == NULL, "a full one builds on none");
	is_str(full->repository, "repo1", "it lies in its repository");
	is_int(full->kind, TOOL_BACKUP_BASE, "full");
	is_int(full->started_at, (1795414945 - EPOCH) * USECS_PER_SEC, "its start is a time");
	is_int(full->start_lsn, 0x2000028, "its start is a position");
	is_int(full->stop_lsn, INT64CONST(0xA02019D60), "positions have two halves");
	is_int(full->timeline, 1, "the name of its last segment has the timeline");
	is_int(full->size_bytes, 26703786, "its size is the cluster's");
	is_int(full->stored_bytes, 3577153, "stored is what it adds to its repository");
	is_int(full->system_identifier, INT64CONST(7711248465018377792),
	       "it is of the life of the cluster that it names");
	is_int(differential->kind, TOOL_BACKUP_DIFFERENTIAL, "differential");
	is_str(differential->prior, "20261123-062225F", "which builds on another one");
	ok(differential->erroneous && differential->evidence != NULL, "and has errors");
	is_int(differential->system_identifier, INT64CONST(7711248465018377793),
	       "a later life has another identifier");
	is_int(catalogue->backups[2].kind, TOOL_BACKUP_INCREMENTAL, "incremental");
	is_int(catalogue->backups[2].start_lsn, 0, "what is not told is not known");
	is_int(catalogue->backups[2].size_bytes, -1, "nor is a size");
	is_int(catalogue->nrepositories, 2, "each repository is one");
	is_int(first->status_code, 0, "a repository's own status counts, not the stanza's");
	ok(first->whole, "its backups are all listed");
	ok(first->busy, "a backup runs");
	is_str(first->last_wal, "00000002000000000000000F", "WAL of the newest life counts");
	is_int(first->system_identifier, INT64CONST(7711248465018377793), "so does its identifier");
	is_int(second->status_code, 99, "another repository has trouble");
	is_str(second->cipher, "aes-256-cbc", "and its own cipher");
	ok(!second->whole, "what it does not list need not be gone");
}

static void
test_other_stanzas(void)
{
	ToolCatalogue *catalogue = read_words(missing_stanza);

	is_int(catalogue->nbackups, 0, "a stanza that is missing has no backups");
	is_str(catalogue->repositories[0].status, "missing stanza path", "its status says so");
	ok(!catalogue->repositories[0].whole, "and that none is listed is no proof");
	is_int(read_words("[]")->nrepositories, 0, "no stanza is none");
	catalogue = read_words(old_pgbackrest);
	is_str(catalogue->repositories[0].name, "repo1", "without a list there is one repository");
	is_int(catalogue->repositories[0].status_code, 2, "with the stanza's status");
	ok(catalogue->repositories[0].whole, "in which nothing valid means nothing there");
	is_int(catalogue->backups[0].system_identifier, 5, "and backups are of its clusters");
}

static void
test_barman(void)
{
	ToolCatalogue *catalogue = read_words(listed);
	const ToolBackup *backup = &catalogue->backups[0];
	const ToolRepository *repository;

	is_str(catalogue->tool, "Barman", "an object of servers is Barman's");
	is_int(catalogue->nrepositories, 2, "a server without backups is one, too");
	is_int(catalogue->nbackups, 5, "all backups are listed");
	is_str(backup->label, "20261123T062255", "by their ids");
	is_int(backup->ended_at, (1795414976 - EPOCH) * USECS_PER_SEC, "numbers come as texts");
	is_int(backup->stored_bytes, 43641724, "and as numbers");
	is_int(backup->status, TOOL_BACKUP_OK, "DONE is ok");
	is_int(catalogue->backups[1].status, TOOL_BACKUP_FAILED, "FAILED is not");
	is_int(catalogue->backups[2].status, TOOL_BACKUP_RUNNING, "STARTED is on its way");
	is_int(catalogue->backups[3].status, TOOL_BACKUP_OK, "one that waits for WAL is there");
	ok(catalogue->backups[3].evidence != NULL, "but not complete");
	is_str(catalogue->backups[4].evidence, "Barman says NEW_WORD", "an unknown word is told");
	is_int(catalogue->backups[4].status, TOOL_BACKUP_FAILED, "and is not taken for good");

	catalogue = read_words(shown);
	backup = &catalogue->backups[0];
	is_int(backup->start_lsn, 0xB000028, "a backup that is shown has positions");
	is_int(backup->timeline, 3, "a timeline");
	is_int(backup->size_bytes, 26864508, "a size");
	is_int(backup->stored_bytes, 1000, "what it adds");
	is_str(backup->prior, "20261122T062255", "its parent");
	is_int(backup->kind, TOOL_BACKUP_INCREMENTAL, "its kind");
	is_int(backup->system_identifier, INT64CONST(7711248465018377792), "and its cluster");
	ok(!catalogue->repositories[0].whole, "of the others nothing is said");

	catalogue = read_words(newer_shown);
	backup = &catalogue->backups[0];
	is_int(backup->size_bytes, 3000, "newer versions tell the size of the cluster");
	is_int(backup->stored_bytes, 200, "and of what was copied");
	is_int(backup->kind, TOOL_BACKUP_INCREMENTAL, "the kind elsewhere");
	is_str(backup->prior, "20261122T062255", "and of which one it is the increment");

	catalogue = read_words(servers);
	repository = dbops_tool_catalogue_find(catalogue, "main", "main");
	is_int(catalogue->nbackups, 0, "settings have no backups");
	is_str(repository->retention, "REDUNDANCY 2", "but the rule of retention");
	is_int(repository->system_identifier, INT64CONST(7711248465018377792), "and the cluster");
	is_int(dbops_tool_catalogue_find(catalogue, "gone", "gone")->status_code, 1,
	       "a server that is not active has trouble");
	catalogue = read_words("{\"_ERROR\": [\"no\"], \"main\": []}");
	is_str(catalogue->repositories[0].status, "no", "what Barman complains about is told");
}

/* Each a few bytes from what a tool prints. */
static void
test_refused(void)
{
	static const char *const refused[] = {
	    "[1]",
	    "[[]]",
	    "[{}]",
	    "\"x\"",
	    "7",
	    "{\"main\": 1}",
	    "{\"main\": {\"x\": 1}}",
	    "{\"main\": [\"20261123T062255\"]}",
	    "{\"main\": [{\"status\": \"DONE\"}]}",
	    "{\"main\": [{\"backup_id\": 1}]}",
	    "{\"main\": [{\"backup_id\": \"x\", \"status\": \"DONE\", \"end_time_timestamp\": \"y\"}]}",
	    "{\"main\": [{\"backup_id\": \"x\", \"status\": [], \"end_time_timestamp\": \"1\"}]}",
	    "{\"main\": [], \"_ERROR\": [[]]}",
	    "[{\"name\": \"x\", \"backup\": {}}]",
	    "[{\"name\": \"x\", \"backup\": [{}]}]",
	    "[{\"name\": \"x\", \"backup\": [7]}]",
	    "[{\"name\": \"x\", \"backup\": [{\"label\": \"l\", \"lsn\": {\"start\": \"0/\"}}]}]",
	    "[{\"name\": \"x\", \"backup\": [{\"label\": \"l\", \"lsn\": {\"start\": \"0/1 \"}}]}]",
	    "[{\"name\": \"x\", \"backup\": [{\"label\": \"l\", \"lsn\": 1}]}]",
	    "[{\"name\": \"x\", \"backup\": [{\"label\": \"l\", \"info\": {\"size\": \"1\"}}]}]",
	    "[{\"name\": \"x\", \"backup\": [{\"label\": \"l\", \"info\": {\"size\": 1e3}}]}]",
	    "[{\"name\": \"x\", \"backup\": [], \"status\": {\"code\": null, \"lock\": 1}}]",
	    "[{\"name\": \"x\", \"backup\": [], \"repo\": {}}]",
	};

	for (int i = 0; i < lengthof(refused); i++)
		expect_error(ERRCODE_INVALID_JSON_TEXT, refused[i], read_words(refused[i]));
}

/* However short it is cut, it is refused or read, and nothing is read beyond its end. */
static void
test_cut(const char *whole, const char *name)
{
	Size size = strlen(whole);
	volatile int read = 0;

	for (volatile Size cut = 0; cut < size; cut++)
	{
		char *words = palloc(Max(cut, 1));
		sigjmp_buf here;
		sigjmp_buf *outer = stub_error_catch(&here);

		memcpy(words, whole, cut);
		if (sigsetjmp(here, 0) == 0)
		{
			(void) dbops_tool_catalogue_read(words, cut);
			read++;
		}
		PG_exception_stack = outer;
	}
	is_int(read, 0, "%s: no beginning of it is taken for the whole", name);
}

int
main(void)
{
	test_pgbackrest();
	test_other_stanzas();
	test_barman();
	test_refused();
	test_cut(pgbackrest, "pgBackRest");
	test_cut(listed, "Barman");
	return tap_done();
}
