/*
 * collect/manifest_entry.c
 *		The entries of a backup manifest; see manifest_entry.h.
 *
 * What the server's own pg_verifybackup refuses is refused here, too.
 */
#include "postgres.h"

#include "collect/manifest_entry.h"
#include "collect/tool_catalogue.h"
#include "core/json.h"

#define VERSIONS_MAX 2

static const char *const algorithms[] = {
    [CHECKSUM_TYPE_NONE] = "NONE",     [CHECKSUM_TYPE_CRC32C] = "CRC32C",
    [CHECKSUM_TYPE_SHA224] = "SHA224", [CHECKSUM_TYPE_SHA256] = "SHA256",
    [CHECKSUM_TYPE_SHA384] = "SHA384", [CHECKSUM_TYPE_SHA512] = "SHA512",
};

static const char *const source = "an entry of the backup manifest";

static void
refuse(const char *what, const char *path)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT), errmsg("backup manifest has %s", what),
	                path ? errdetail("It is the entry of file \"%s\".", path) : 0));
}

/* All members must have a name that is known: another one may change what the rest means. */
static void
expect_members(const Json *object, const char *const *names, int nnames)
{
	dbops_json_expect(object, JSON_OBJECT);
	for (const Json *member = object->first; member != NULL; member = member->next)
	{
		bool known = false;

		for (int i = 0; i < nnames; i++)
			known = known || strcmp(member->name, names[i]) == 0;
		if (!known)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_JSON_TEXT),
			         errmsg("backup manifest has an unknown member \"%.40s\"", member->name)));
	}
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The number of bytes, at most `most`; -1 when it is not of hexadecimal digits. */
static int
decode_hex(const char *words, uint8 *bytes, int most)
{
	int n = 0;

	for (; words[0] != '\0'; words += 2)
	{
		int high = digit_of(words[0]);
		int low = high < 0 ? -1 : digit_of(words[1]);

		if (low < 0 || n >= most)
			return -1;
		bytes[n++] = high * 16 + low;
	}
	return n;
}

static const char *
read_path(const Json *json)
{
	const char *path = dbops_json_text(json, "Path");
	const char *encoded = dbops_json_text(json, "Encoded-Path");
	char *decoded;
	int length;

	if ((path == NULL) == (encoded == NULL))
		refuse(path ? "a file with two paths" : "a file without path", path);
	if (path != NULL)
		return path;
	length = strlen(encoded) / 2;
	decoded = palloc(length + 1);
	if (decode_hex(encoded, (uint8 *) decoded, length) != length ||
	    memchr(decoded, '\0', length) != NULL)
		refuse("a path that cannot be decoded", NULL);
	decoded[length] = '\0';
	return decoded;
}

static bool
find_algorithm(const char *name, pg_checksum_type *type)
{
	for (int i = 0; i < lengthof(algorithms); i++)
	{
		*type = i;
		if (pg_strcasecmp(name, algorithms[i]) == 0)
			return true;
	}
	return false;
}

static void
read_checksum(const Json *json, ManifestFile *file)
{
	const char *algorithm = dbops_json_text(json, "Checksum-Algorithm");
	const char *checksum = dbops_json_text(json, "Checksum");

	file->checksum_type = CHECKSUM_TYPE_NONE;
	file->checksum_size = 0;
	if ((algorithm == NULL) != (checksum == NULL))
		refuse("a checksum without algorithm, or an algorithm without checksum", file->path);
	if (algorithm == NULL)
		return;
	if (!find_algorithm(algorithm, &file->checksum_type))
		refuse("a checksum of an unknown algorithm", file->path);
	file->checksum_size = decode_hex(checksum, file->checksum, PG_CHECKSUM_MAX_LENGTH);
	if (file->checksum_size <= 0 && file->checksum_type != CHECKSUM_TYPE_NONE)
		refuse("a checksum that is none", file->path);
}

void
dbops_manifest_entry_file(const char *words, Size size, ManifestFile *file)
{
	static const char *const members[] = {"Path",          "Encoded-Path",       "Size",
	                                      "Last-Modified", "Checksum-Algorithm", "Checksum"};
	const Json *json = dbops_json_read(words, size, source);

	expect_members(json, members, lengthof(members));
	file->path = read_path(json);
	file->size = dbops_json_integer(json, "Size", -1);
	if (file->size < 0)
		refuse("a file without size", file->path);
	read_checksum(json, file);
}

void
dbops_manifest_entry_range(const char *words, Size size, ManifestRange *range)
{
	static const char *const members[] = {"Timeline", "Start-LSN", "End-LSN"};
	const Json *json = dbops_json_read(words, size, source);
	int64 timeline;

	expect_members(json, members, lengthof(members));
	timeline = dbops_json_integer(json, "Timeline", 0);
	range->start = dbops_tool_catalogue_lsn(dbops_json_text(json, "Start-LSN"));
	range->end = dbops_tool_catalogue_lsn(dbops_json_text(json, "End-LSN"));
	if (timeline <= 0 || timeline > PG_UINT32_MAX || XLogRecPtrIsInvalid(range->start) ||
	    range->end < range->start)
		refuse("a range of WAL that is none", NULL);
	range->timeline = timeline;
}

static void
expect_no_rest(const Json *json, const char *array)
{
	const Json *entries = dbops_json_member(json, array, JSON_ARRAY);

	if (entries == NULL)
		refuse("no list of files, or none of WAL", NULL);
	if (entries->first != NULL)
		refuse("an entry that is no object", NULL);
}

void
dbops_manifest_entry_rest(const char *words, Size size, Manifest *manifest)
{
	static const char *const members[] = {"PostgreSQL-Backup-Manifest-Version", "System-Identifier",
	                                      "Files", "WAL-Ranges", "Manifest-Checksum"};
	const Json *json = dbops_json_read(words, size, "the backup manifest");
	const char *checksum;

	expect_members(json, members, lengthof(members));
	manifest->version = dbops_json_integer(json, "PostgreSQL-Backup-Manifest-Version", 0);
	if (manifest->version < 1 || manifest->version > VERSIONS_MAX)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("backup manifest is of version %lld, which is not known",
		                       (long long) manifest->version)));
	manifest->system_identifier = dbops_json_integer(json, "System-Identifier", 0);
	expect_no_rest(json, "Files");
	expect_no_rest(json, "WAL-Ranges");
	checksum = dbops_json_text(json, "Manifest-Checksum");
	if (checksum == NULL)
		refuse("no checksum of its own", NULL);
	if (strlen(checksum) != sizeof(manifest->expected) - 1)
		refuse("a checksum of its own that is none", NULL);
	strlcpy(manifest->expected, checksum, sizeof(manifest->expected));
}
