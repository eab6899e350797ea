/*
 * collect/mounts.h
 *		What is mounted where, from the text of /proc/self/mountinfo.
 */
#pragma once

#include "store/family.h"

typedef struct Mount
{
	int device_major; /* 0 for file systems without a block device of their own */
	int device_minor;
	const char *root;  /* which folder of the file system is mounted */
	const char *point; /* where */
	const char *type;
	const char *source;
	const char *options; /* of the file system as a whole, comma separated */
} Mount;

/* Reads the next line of *cursor.  The words stay in the text, which is cut.  False at the end. */
extern bool dbops_mounts_next(char **cursor, Mount *mount);

/* The mount with the absolute path `path` (without links).  The text is cut.  False if none. */
extern bool dbops_mounts_find(char *content, const char *path, Mount *mount);

/* Whether a comma separated list has the word. */
extern bool dbops_mounts_option(const char *options, const char *word);

/*
 * The rest of `path` below `folder`: "" if it is the folder, "/x" if it lies in it, NULL if not.
 */
extern const char *dbops_mounts_below(const char *path, const char *folder);
