/*
 * expose/exporter_indexes.h
 *		Indexes of all databases, and bloat, by the names that others have for them.
 *
 * A file of its own because there are several times as many indexes as tables, so who is shown is
 * another choice: those that queries cannot use, and then the largest.
 */
#pragma once

#include "expose/exposed_relations.h"
#include "expose/exposition.h"
#include "store/names.h"

/* At most so many indexes.  Those of catalogs and of dbops are left out.  Needs a snapshot. */
extern void dbops_exporter_indexes(Exposition *exposition, Names *names,
                                   const ExposedRelations *relations, int most);
