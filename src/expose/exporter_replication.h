/*
 * expose/exporter_replication.h
 *		What postgres_exporter computes of replication, archiving and VACUUM rather than reads.
 */
#pragma once

#include "expose/exposition.h"
#include "store/names.h"

/*
 * How far a standby is behind, 0 on a primary and where all that was received is replayed; the
 * primary's position beside each slot and receiver; how long ago a segment was archived.
 */
extern void dbops_exporter_replication(Exposition *exposition, Names *names);

/* VACUUM that runs: its phase, and how far it is. */
extern void dbops_exporter_vacuum(Exposition *exposition, Names *names);
