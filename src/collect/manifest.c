/*
 * collect/manifest.c
 *		A backup manifest; see manifest.h.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "collect/manifest.h"
#include "collect/manifest_entry.h"
#include "collect/manifest_split.h"

#define PART_BYTES 65536

/* The line with its own checksum is shorter. */
#define LAST_LINES 1024

typedef struct ManifestReading
{
	Manifest *manifest;
	ManifestFileFn take;
	void *arg;
	MemoryContext entry; /* reset after each */
} ManifestReading;

typedef struct ManifestSource
{
	int fd;
	const char *path;
	off_t size;
	off_t covered; /* what its own checksum is of: all but the last line */
} ManifestSource;

/* ---- the file ---- */

static void
read_at(const ManifestSource *source, off_t offset, char *data, Size size)
{
	ssize_t got = pg_pread(source->fd, data, size, offset);

	if (got < 0)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not read file \"%s\": %m", source->path)));
	if ((Size) got != size)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
		                errmsg("file \"%s\" changes while it is read", source->path)));
}

static void
find_last_line(ManifestSource *source)
{
	char lines[LAST_LINES];
	Size size = Min(source->size, LAST_LINES);
	const char *at;

	read_at(source, source->size - size, lines, size);
	at = size < 2 || lines[size - 1] != '\n' ? NULL : memrchr(lines, '\n', size - 1);
	if (at == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("file \"%s\" is no backup manifest, or is cut", source->path),
		                errdetail("A manifest ends with a line of its own checksum.")));
	source->covered = source->size - size + (at - lines) + 1;
}

static void
open_manifest(ManifestSource *source, const char *folder)
{
	struct stat facts;

	source->path = psprintf("%s/%s", folder, MANIFEST_NAME);
	source->fd = OpenTransientFile(source->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY);
	if (source->fd < 0)
		ereport(ERROR,
		        (errcode_for_file_access(), errmsg("could not open file \"%s\": %m", source->path),
		         errhint("The path is the folder of a backup as pg_basebackup writes it "
		                 "in plain format, on the machine of the server.")));
	if (fstat(source->fd, &facts) != 0)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not stat file \"%s\": %m", source->path)));
	if (!S_ISREG(facts.st_mode))
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a file", source->path)));
	source->size = facts.st_size;
	find_last_line(source);
}

/* ---- its entries ---- */

static void
take_file(ManifestReading *reading, const char *words, Size size)
{
	Manifest *manifest = reading->manifest;
	MemoryContext caller = MemoryContextSwitchTo(reading->entry);
	ManifestFile file;

	dbops_manifest_entry_file(words, size, &file);
	MemoryContextSwitchTo(caller);
	manifest->files++;
	manifest->bytes += file.size;
	manifest->checksum_type = Max(manifest->checksum_type, file.checksum_type);
	reading->take(&file, reading->arg);
	MemoryContextReset(reading->entry);
}

static void
take_range(Manifest *manifest, const char *words, Size size)
{
	int n = manifest->nranges;

	if (n == 0)
		manifest->ranges = palloc(sizeof(ManifestRange));
	else if ((n & (n - 1)) == 0)
		manifest->ranges = repalloc(manifest->ranges, sizeof(ManifestRange) * 2 * (Size) n);
	dbops_manifest_entry_range(words, size, &manifest->ranges[manifest->nranges++]);
}

static void
take_entry(const char *array, const char *words, Size size, void *arg)
{
	ManifestReading *reading = arg;

	if (strcmp(array, "Files") == 0)
		take_file(reading, words, size);
	else if (strcmp(array, "WAL-Ranges") == 0)
		take_range(reading->manifest, words, size);
	else
		ereport(ERROR, (errcode(ERRCODE_INVALID_JSON_TEXT),
		                errmsg("backup manifest has an unknown list \"%.40s\"", array)));
}

/* ---- its own checksum ---- */

static void
check_hash(int result, pg_cryptohash_ctx *hash)
{
	if (result < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("could not compute a checksum: %s", pg_cryptohash_error(hash))));
}

static void
read_parts(const ManifestSource *source, ManifestSplit *split, pg_cryptohash_ctx *hash)
{
	char *part = palloc(PART_BYTES);

	for (off_t at = 0; at < source->size; at += PART_BYTES)
	{
		Size size = Min(source->size - at, PART_BYTES);

		CHECK_FOR_INTERRUPTS();
		read_at(source, at, part, size);
		if (at < source->covered)
			check_hash(pg_cryptohash_update(hash, (uint8 *) part, Min(source->covered - at, size)),
			           hash);
		dbops_manifest_split_feed(split, part, size);
	}
	pfree(part);
}

static void
note_digest(Manifest *manifest, const uint8 *digest)
{
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		snprintf(manifest->found + 2 * i, 3, "%02x", digest[i]);
}

Manifest *
dbops_manifest_read(const char *folder, ManifestFileFn take, void *arg)
{
	ManifestReading reading = {.take = take, .arg = arg};
	ManifestSplit *split = dbops_manifest_split_begin(take_entry, &reading);
	pg_cryptohash_ctx *hash;
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	ManifestSource source;
	StringInfo rest;

	reading.manifest = palloc0(sizeof(Manifest));
	reading.entry =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops manifest entry", ALLOCSET_SMALL_SIZES);
	open_manifest(&source, folder);
	hash = pg_cryptohash_create(PG_SHA256);
	check_hash(pg_cryptohash_init(hash), hash);
	read_parts(&source, split, hash);
	check_hash(pg_cryptohash_final(hash, digest, sizeof(digest)), hash);
	pg_cryptohash_free(hash);
	if (CloseTransientFile(source.fd) != 0)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not close file \"%s\": %m", source.path)));
	rest = dbops_manifest_split_end(split);
	dbops_manifest_entry_rest(rest->data, rest->len, reading.manifest);
	note_digest(reading.manifest, digest);
	MemoryContextDelete(reading.entry);
	return reading.manifest;
}

/* ---- its paths ---- */

bool
dbops_manifest_path_is_safe(const char *path)
{
	const char *part = path;

	if (path[0] == '\0' || path[0] == '/')
		return false;
	while (part != NULL)
	{
		Size length = strcspn(part, "/");

		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part = part[length] == '/' ? part + length + 1 : NULL;
	}
	return true;
}

Oid
dbops_manifest_database(const char *path)
{
	uint32 tablespace;
	uint32 database;
	char version[64];

	if (sscanf(path, "base/%u/", &database) == 1)
		return database;
	if (sscanf(path, "pg_tblspc/%u/%63[^/]/%u/", &tablespace, version, &database) == 3)
		return database;
	return InvalidOid;
}
