/*
 * expose/exporter_tables.h
 *		Tables and indexes of all databases by the names that postgres_exporter has for them.
 *
 * A file of its own because counters come from the server's statistics as they stand, names from
 * the dictionary, and sizes from what was last seen of them.
 */
#pragma once

#include "expose/exposed_relations.h"
#include "expose/exposition.h"
#include "store/names.h"

/*
 * At most so many tables, the largest; and of each one metric says how many there are in all.
 * Tables of catalogs and of dbops itself are left out.  Needs a snapshot.
 */
extern void dbops_exporter_tables(Exposition *exposition, Names *names,
                                  const ExposedRelations *relations, int most);
