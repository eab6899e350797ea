/*
 * expose/exporter_settings.h
 *		Settings, roles and the version by the names that postgres_exporter has for them.
 */
#pragma once

#include "expose/exposition.h"

/* Settings that are numbers or switches, in seconds and bytes where they have a unit. */
extern void dbops_exporter_settings(Exposition *exposition);

/* That the server is up, and which it is. */
extern void dbops_exporter_version(Exposition *exposition);

/* How many connections each role may have; -1: as many as it likes. */
extern void dbops_exporter_roles(Exposition *exposition);

/* Segments in pg_wal, and their bytes. */
extern void dbops_exporter_wal(Exposition *exposition);
