/*
 * collect/manifest.h
 *		A backup manifest: which files a base backup has, their sizes and checksums, and the WAL it
 *		needs.
 *
 * Read entry by entry, in memory that does not grow with it, but for what the callback keeps.
 */
#pragma once

#include "access/xlogdefs.h"
#include "common/checksum_helper.h"

#define MANIFEST_NAME "backup_manifest"

typedef struct ManifestFile
{
	const char *path; /* within the backup, as bytes; valid during the call */
	int64 size;
	pg_checksum_type checksum_type;
	uint8 checksum[PG_CHECKSUM_MAX_LENGTH];
	int checksum_size;
} ManifestFile;

typedef struct ManifestRange
{
	TimeLineID timeline;
	XLogRecPtr start;
	XLogRecPtr end;
} ManifestRange;

typedef struct Manifest
{
	int64 version;
	uint64 system_identifier; /* 0: not told, before version 2 */
	int64 files;
	int64 bytes;
	pg_checksum_type checksum_type; /* of its files; the strongest when they differ */
	ManifestRange *ranges;
	int nranges;
	char expected[PG_SHA256_DIGEST_STRING_LENGTH]; /* its own checksum, as it says */
	char found[PG_SHA256_DIGEST_STRING_LENGTH];    /* and as it is; the same when it is unchanged */
} Manifest;

typedef void (*ManifestFileFn)(const ManifestFile *file, void *arg);

/*
 * Reads the manifest of the backup in this folder and calls `take` for every file.  Errors: it
 * cannot be read, is no manifest, or is of a version that is not known.  That its own checksum is
 * another one than it says is no error: compare the two.
 */
extern Manifest *dbops_manifest_read(const char *folder, ManifestFileFn take, void *arg);

/* Whether a manifest's path stays within the folder of the backup. */
extern bool dbops_manifest_path_is_safe(const char *path);

/* OID of the database a file is of: 0 for those of all databases and of none. */
extern Oid dbops_manifest_database(const char *path);
