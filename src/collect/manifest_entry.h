/*
 * collect/manifest_entry.h
 *		The entries of a backup manifest, each a small JSON object.
 *
 * Apart from the reading of the file, so that hostile ones can be tried without a server.
 */
#pragma once

#include "collect/manifest.h"

/* Allocates in the context that is current: the path lives there. */
extern void dbops_manifest_entry_file(const char *words, Size size, ManifestFile *file);
extern void dbops_manifest_entry_range(const char *words, Size size, ManifestRange *range);

/* What stands beside the entries: version, identifier, the checksum it says it has. */
extern void dbops_manifest_entry_rest(const char *words, Size size, Manifest *manifest);
