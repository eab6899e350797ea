/*
 * store/registry.h
 *		The list of all families.  Collection, storage, SQL tables and the manual derive from it.
 *
 * Filled once by _PG_init, from the collectors' list (collect/collectors.h): store must not know
 * collectors by name.
 */
#pragma once

#include "store/family.h"

/* Makes `families` the registry.  Checks it: ids and names unique, terms of derived columns
 * known. */
extern void dbops_registry_set(const Family *const *families, int nfamilies);

extern int dbops_registry_count(void);
extern const Family *dbops_registry_at(int index);
extern int dbops_registry_index(const Family *family);
extern const Family *dbops_registry_by_name(const char *name); /* NULL if unknown */
extern const Family *dbops_registry_by_id(int16 id);           /* NULL if unknown */

/* Position of a metric in its family, or -1. */
extern int dbops_family_metric(const Family *family, const char *name);
extern int dbops_family_metric_by_id(const Family *family, int16 id);

/* How many text labels it has. */
extern int dbops_family_text_labels(const Family *family);

/* The word a number stands for in a list of family.h; NULL where the list is too short. */
extern const char *dbops_word(const char *const *words, int64 number);

/* The number of a word, or -1. */
extern int dbops_word_number(const char *const *words, const char *word);
