/*
 * test/fuzz/printed_fuzz.c
 *		What programs print and what lies in folders: catalogues of backup tools, backup manifests.
 *
 * The first byte chooses between them.
 *
 * sources: src/collect/tool_catalogue.c src/collect/pgbackrest.c src/collect/barman.c
 * sources: src/collect/manifest_split.c src/collect/manifest_entry.c src/core/json.c
 */
#include "postgres.h"

#include "collect/manifest_entry.h"
#include "collect/manifest_split.h"
#include "collect/tool_catalogue.h"

#include "fuzz.h"

/* A manifest is fed in parts of this size. */
#define PART 7

static void
read_catalogue(const char *words, Size size)
{
	const ToolCatalogue *catalogue = dbops_tool_catalogue_read(words, size);

	for (int i = 0; i < catalogue->nbackups; i++)
	{
		const ToolBackup *backup = &catalogue->backups[i];

		FUZZ_PROVE(backup->label != NULL && backup->server != NULL);
		FUZZ_PROVE(backup->repository != NULL);
		FUZZ_PROVE(backup->timeline >= -1);
	}
	for (int i = 0; i < catalogue->nrepositories; i++)
		FUZZ_PROVE(catalogue->repositories[i].server != NULL);
}

static void
take_entry(const char *array, const char *words, Size size, void *arg)
{
	ManifestFile file;
	ManifestRange range;

	if (strcmp(array, "Files") == 0)
	{
		dbops_manifest_entry_file(words, size, &file);
		FUZZ_PROVE(file.path != NULL && file.size >= 0);
		FUZZ_PROVE(file.checksum_size >= 0 && file.checksum_size <= PG_CHECKSUM_MAX_LENGTH);
	}
	else
	{
		dbops_manifest_entry_range(words, size, &range);
		FUZZ_PROVE(range.timeline > 0 && range.end >= range.start);
	}
}

static void
read_manifest(const char *words, Size size)
{
	ManifestSplit *split = dbops_manifest_split_begin(take_entry, NULL);
	Manifest manifest = {0};
	StringInfo rest;

	for (Size at = 0; at < size; at += PART)
		dbops_manifest_split_feed(split, words + at, Min(PART, size - at));
	rest = dbops_manifest_split_end(split);
	dbops_manifest_entry_rest(rest->data, rest->len, &manifest);
	FUZZ_PROVE(strlen(manifest.expected) == sizeof(manifest.expected) - 1);
}

void
fuzz_decode(const uint8 *data, Size size)
{
	if (size == 0)
		return;
	if (data[0] % 2 == 0)
		read_catalogue((const char *) data + 1, size - 1);
	else
		read_manifest((const char *) data + 1, size - 1);
}

void
fuzz_seeds(void)
{
	static const char *const seeds[] = {
	    "0[{\"archive\":[{\"database\":{\"id\":1,\"repo-key\":1},\"max\":\"000000010000000000000009\"}],"
	    "\"backup\":[{\"archive\":{\"stop\":\"000000010000000000000003\"},\"database\":{\"id\":1,"
	    "\"repo-key\":1},\"error\":false,\"info\":{\"repository\":{\"delta\":3},\"size\":26},"
	    "\"label\":\"F\",\"lsn\":{\"start\":\"0/28\",\"stop\":\"A/60\"},\"prior\":null,"
	    "\"timestamp\":{\"start\":1795414945,\"stop\":1795414948},\"type\":\"diff\"}],"
	    "\"db\":[{\"id\":1,\"repo-key\":1,\"system-id\":77112}],\"name\":\"main\","
	    "\"repo\":[{\"cipher\":\"none\",\"key\":1,\"status\":{\"code\":0,\"message\":\"ok\"}}],"
	    "\"status\":{\"code\":4,\"lock\":{\"backup\":{\"held\":true}}}}]",
	    "0{\"main\":[{\"backup_id\":\"20261123T062255\",\"end_time_timestamp\":\"1795414976\","
	    "\"size_bytes\":4,\"status\":\"DONE\"}],\"_ERROR\":[\"x\"]}",
	    "0{\"main\":{\"backup_id\":\"2\",\"base_backup_information\":{\"begin_lsn\":\"0/B\","
	    "\"begin_time_timestamp\":\"17\",\"timeline\":3},\"status\":\"FAILED\"}}",
	    "1{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n{ \"Path\": \"a\", \"Size\": 2,"
	    " \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"a1b2c3d4\" },\n"
	    "{ \"Encoded-Path\": \"61ff\", \"Size\": 0 }\n],\n\"WAL-Ranges\": [\n"
	    "{ \"Timeline\": 1, \"Start-LSN\": \"0/28\", \"End-LSN\": \"1/0\" }\n],\n\"Manifest-Checksum\": "
	    "\"0123456789012345678901234567890123456789012345678901234567890123\"}\n",
	};

	for (int i = 0; i < lengthof(seeds); i++)
		fuzz_seed(seeds[i], strlen(seeds[i]));
}
