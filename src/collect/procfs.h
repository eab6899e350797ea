/*
 * collect/procfs.h
 *		Reading the small text files in which Linux tells about itself.
 *
 * Nothing here throws over what a machine has or lacks: a file that is missing, unreadable or
 * malformed gives false, NULL or FAMILY_NULL, and the metric stays unknown.
 */
#pragma once

#include "store/family.h"

/* Enough for the files whose size does not depend on the machine: meminfo, vmstat, memory.stat. */
#define PROCFS_SMALL 8192

/* A "key value" line: its number times `factor` goes into values[column]. */
typedef struct ProcfsField
{
	const char *key; /* without the colon that some files put behind it */
	int column;
	int64 factor;
} ProcfsField;

/* Prefix of every path from here on, so that tests can show a machine of their own. */
extern void dbops_procfs_set_root(const char *root);

/* The path as the system sees it, root included; cut to `size`. */
extern void dbops_procfs_path(char *out, Size size, const char *path);

/* Reads up to size - 1 bytes, ends them with NUL.  False, and an empty text, when it cannot. */
extern bool dbops_procfs_read(const char *path, char *buffer, Size size);

/* The whole file (up to 1 MB) in the current context; NULL when it cannot. */
extern char *dbops_procfs_load(const char *path);

/* Cuts the next line off *cursor; NULL at the end.  Writes into the text. */
extern char *dbops_procfs_line(char **cursor);

/* Cuts a line at its blanks into at most `max` words and returns how many there are. */
extern int dbops_procfs_split(char *line, char **words, int max);

/* A whole number, cut to int64's range; FAMILY_NULL when the text does not begin with one. */
extern int64 dbops_procfs_number(const char *content);

/* The file's first number, as for files that hold just one. */
extern int64 dbops_procfs_read_number(const char *path);

/* Fills values[] from "key value" lines; what is not there is left alone.  Cuts the text. */
extern void
dbops_procfs_fields(char *content, const ProcfsField *fields, int nfields, int64 *values);

/*
 * For counters that the kernel lets slip back a little (idle, iowait): returns `value`, or *highest
 * if it is ahead by no more than `slack`.  A larger step back is a reset, and is shown.
 */
extern int64 dbops_procfs_steady(int64 *highest, int64 value, int64 slack);
