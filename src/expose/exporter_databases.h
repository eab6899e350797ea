/*
 * expose/exporter_databases.h
 *		Sizes of databases by postgres_exporter's name.
 *
 * A file of its own because a size is what the last visit to the database found, which only the
 * history knows; to ask the file system each time is what makes exporters slow.
 */
#pragma once

#include "expose/exposition.h"

/* Those that are known.  Needs a snapshot. */
extern void dbops_exporter_databases(Exposition *exposition);
