/*
 * expose/exporter_sessions.h
 *		Sessions and locks by the names that postgres_exporter has for them.
 *
 * A file of its own because they are counted by what they do at the moment: no family has all of
 * these labels, as a history of them would be too long.
 */
#pragma once

#include "expose/exposition.h"
#include "store/names.h"

/* Of sessions with a database: how many there are, and their longest transaction. */
extern void dbops_exporter_activity(Exposition *exposition, Names *names);

/* How long idle sessions have been idle, and how long the oldest transactions run. */
extern void dbops_exporter_idle(Exposition *exposition, Names *names);

/* Locks by database and mode, those that nobody has included. */
extern void dbops_exporter_locks(Exposition *exposition, Names *names);
