/*
 * worker/relation_files.h
 *		Sizes of a database's files, without a lock on any relation.
 *
 * One walk over the folders of the database and the shared one; pg_relation_size would wait behind
 * whoever holds an ACCESS EXCLUSIVE lock.
 */
#pragma once

#include "postgres_ext.h"

typedef struct RelationFiles RelationFiles;

/* Walks the folders of the database this process is connected to; in the current context. */
extern RelationFiles *dbops_relation_files_read(void);

/*
 * Bytes of the main fork and of all forks of a relation's files; `tablespace` 0 is the database's
 * default.  False, and both unset, when there are none.
 */
extern bool dbops_relation_files_find(const RelationFiles *files, Oid tablespace, Oid filenode,
                                      int64 *main_bytes, int64 *all_bytes);

/* All files of the database; shared catalogs do not count. */
extern int64 dbops_relation_files_total(const RelationFiles *files);
