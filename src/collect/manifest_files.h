/*
 * collect/manifest_files.h
 *		The files a manifest lists, to be found by their path.
 *
 * In memory as a sorted array: a hundred bytes a file.
 */
#pragma once

#include "collect/manifest.h"

typedef struct ListedFile
{
	const char *path;
	const uint8 *checksum;
	int64 size;
	uint8 checksum_type;
	uint8 checksum_size;
	bool seen; /* in the folder */
	bool bad;  /* reported: its checksum says nothing more */
} ListedFile;

typedef struct ListedFiles
{
	ListedFile *files;
	int64 count;
	int64 room;
} ListedFiles;

/* Adds what the manifest says of a file; copied into the current context. */
extern void dbops_manifest_files_add(ListedFiles *files, const ManifestFile *file);

/* To be called once after the last: sorts them by path. */
extern void dbops_manifest_files_sort(ListedFiles *files);

/* NULL when the manifest has none of that path. */
extern ListedFile *dbops_manifest_files_find(const ListedFiles *files, const char *path);
