/*
 * worker/visit_density.h
 *		The part of a visit that estimates how large relations would be without bloat.
 *
 * A file of its own because it is a task of its own: when it fails, the relations of the database
 * have been learned all the same.
 */
#pragma once

#include "worker/visit.h"

/*
 * Goes on where the segment says and sends what it finds, in the time that is left of the visit
 * that began at started_us.  Waits for no lock, reads no rows, and runs no code of users.
 */
extern void dbops_visit_density_run(shm_mq_handle *queue, VisitSegment *segment, int64 started_us);
