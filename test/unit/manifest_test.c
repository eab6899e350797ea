/*
 * test/unit/manifest_test.c
 *		A backup manifest in parts of any size: its entries, and what is refused.
 *
 * sources: src/collect/manifest_split.c src/collect/manifest_entry.c src/core/json.c
 * sources: src/collect/tool_catalogue.c src/collect/pgbackrest.c src/collect/barman.c
 */
#include "postgres.h"

#include "collect/manifest_entry.h"
#include "collect/manifest_split.h"

#include "tap.h"

static const char whole[] =
    "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n"
    "\"System-Identifier\": 7711248465018377792,\n"
    "\"Files\": [\n"
    "{ \"Path\": \"backup_label\", \"Size\": 225, \"Last-Modified\": \"2026-11-23 06:22:55 GMT\","
    " \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"a1B2c3d4\" },\n"
    "{ \"Path\": \"we}ird,\\\"[\\\\\", \"Size\": 0 },\n"
    "{ \"Encoded-Path\": \"62617365ff\", \"Size\": 8, \"Checksum-Algorithm\": \"sha224\","
    " \"Checksum\": \"00\" }\n"
    "],\n"
    "\"WAL-Ranges\": [\n"
    "{ \"Timeline\": 1, \"Start-LSN\": \"0/E000028\", \"End-LSN\": \"1/E000100\" }\n"
    "],\n"
    "\"Manifest-Checksum\": \"0123456789012345678901234567890123456789012345678901234567890123\"}\n";

typedef struct Read
{
	int files;
	int ranges;
	ManifestFile file[4];
	ManifestRange range;
	Manifest manifest;
} Read;

static void
take_entry(const char *array, const char *words, Size size, void *arg)
{
	Read *read = arg;

	if (strcmp(array, "Files") == 0)
	{
		dbops_manifest_entry_file(words, size, &read->file[Min(read->files, 3)]);
		read->files++;
	}
	else if (strcmp(array, "WAL-Ranges") == 0)
	{
		dbops_manifest_entry_range(words, size, &read->range);
		read->ranges++;
	}
}

static void
read_manifest(const char *words, Size part, Read *read)
{
	ManifestSplit *split = dbops_manifest_split_begin(take_entry, read);
	Size size = strlen(words);
	StringInfo rest;

	memset(read, 0, sizeof(*read));
	for (Size at = 0; at < size; at += part)
		dbops_manifest_split_feed(split, words + at, Min(part, size - at));
	rest = dbops_manifest_split_end(split);
	dbops_manifest_entry_rest(rest->data, rest->len, &read->manifest);
}

static void
test_parts(void)
{
	for (Size part = 1; part < sizeof(whole); part = part * 3 + 1)
	{
		Read read;

		read_manifest(whole, part, &read);
		ok(read.files == 3 && read.ranges == 1 && read.manifest.version == 2,
		   "in parts of %zu bytes all entries are read", part);
	}
}

static void
test_entries(void)
{
	Read read;

	read_manifest(whole, 7, &read);
	is_int(read.manifest.system_identifier, INT64CONST(7711248465018377792), "the identifier");
	is_int(strlen(read.manifest.expected), 64, "its own checksum");
	is_str(read.file[0].path, "backup_label", "a path");
	is_int(read.file[0].size, 225, "a size");
	is_int(read.file[0].checksum_type, CHECKSUM_TYPE_CRC32C, "an algorithm");
	is_int(read.file[0].checksum_size, 4, "a checksum");
	is_int(read.file[0].checksum[1], 0xB2, "of hexadecimal digits, large or small");
	is_str(read.file[1].path, "we}ird,\"[\\", "brackets and quotes within a path end nothing");
	is_int(read.file[1].checksum_type, CHECKSUM_TYPE_NONE, "a file may have no checksum");
	is_str(read.file[2].path, "base\xff", "a path that is no text is encoded");
	is_int(read.file[2].checksum_type, CHECKSUM_TYPE_SHA224, "algorithms in small letters");
	is_int(read.range.end, INT64CONST(0x10E000100), "a range of WAL");
}

/* What stands within `Files` in place of its entries. */
static void
test_files(void)
{
	static const char *const refused[] = {
	    "{ \"Path\": \"a\" }",
	    "{ \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Encoded-Path\": \"61\", \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Size\": -1 }",
	    "{ \"Path\": \"a\", \"Size\": \"1\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Other\": 1 }",
	    "{ \"Path\": [], \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum\": \"00\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"CRC32C\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"MD5\", \"Checksum\": \"00\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"0x\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"000\" }",
	    "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"\" }",
	    "{ \"Encoded-Path\": \"6\", \"Size\": 1 }",
	    "{ \"Encoded-Path\": \"00\", \"Size\": 1 }",
	    "{ \"Path\": \"a\" \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Size\": 1 } { \"Path\": \"b\", \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Size\": 1 },",
	    "{ \"Path\": \"a\", \"Size\": 1 },, { \"Path\": \"b\", \"Size\": 1 }",
	    ", { \"Path\": \"a\", \"Size\": 1 }",
	    "{ \"Path\": \"a\", \"Size\": 1 }, 7",
	    "7",
	    "[]",
	    "{ \"Path\": \"a\", \"Size\": 1 }, []",
	    "{ \"Path\": \"a\", \"Size\": 1 } ] }",
	};

	for (int i = 0; i < lengthof(refused); i++)
	{
		char *words =
		    psprintf("{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n%s\n],\n"
		             "\"WAL-Ranges\": [],\n\"Manifest-Checksum\": \"%064d\"}\n",
		             refused[i], 0);
		Read read;

		expect_error(ERRCODE_INVALID_JSON_TEXT, refused[i], read_manifest(words, 5, &read));
	}
}

static void
test_rest(void)
{
	static const char *const refused[] = {
	    "",
	    "nonsense",
	    "{}",
	    "[]",
	    "{ \"PostgreSQL-Backup-Manifest-Version\": 1 }",
	    "{ \"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [], \"WAL-Ranges\": [] }",
	    "{ \"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": {}, \"WAL-Ranges\": [] }",
	    "{ \"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [], \"WAL-Ranges\": [], "
	    "\"Manifest-Checksum\": \"00\" }",
	    "{ \"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [], \"WAL-Ranges\": [], \"x\": 1 }",
	    "{ \"Files\": [ { \"Path\": \"a\"",
	    "{ \"Files\": [ { \"Path\": \"a\", \"Size\": 1 }",
	    "]}]}",
	};
	Read read;
	char *large = palloc(200000);

	for (int i = 0; i < lengthof(refused); i++)
	{
		volatile int code = ERRCODE_INVALID_JSON_TEXT;

		if (strcmp(refused[i], "{}") == 0)
			code = ERRCODE_FEATURE_NOT_SUPPORTED;
		expect_error(code, refused[i], read_manifest(refused[i], 3, &read));
	}
	memset(large, '1', 199999);
	large[199999] = '\0';
	expect_error(ERRCODE_INVALID_JSON_TEXT, "what is no manifest is not kept",
	             read_manifest(large, 4096, &read));
	memcpy(large, "{\"Files\":[{\"Path\":\"", 19);
	expect_error(ERRCODE_INVALID_JSON_TEXT, "nor is an entry without end",
	             read_manifest(large, 4096, &read));
	expect_error(ERRCODE_FEATURE_NOT_SUPPORTED, "a version that is not known",
	             dbops_manifest_entry_rest("{\"PostgreSQL-Backup-Manifest-Version\": 3}", 41,
	                                       &read.manifest));
}

int
main(void)
{
	test_parts();
	test_entries();
	test_files();
	test_rest();
	return tap_done();
}
