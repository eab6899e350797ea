/*
 * worker/visit.h
 *		A visit to one database: what the inspector process and the sampler share while it lasts.
 *
 * The sampler makes a segment, the inspector attaches and streams messages through its queue: any
 * number of pages, each a VisitPage with `relations` Inspected (collect/dictionary.h) and then a
 * batch (store/object_batch.h) of `count` names.  A page of relations has an Inspected for each
 * name, in the same order, by OID; a page of functions has none.  At last comes a VisitEnd, whose
 * count is 0.  A visit that runs out of time ends with what it has, and the next one
 * goes on from there.
 */
#pragma once

#include "core/tx.h"
#include "storage/shm_mq.h"

/* Limits of one visit. */
#define VISIT_LIMIT_MS 2500
#define VISIT_QUEUE_BYTES 65536

typedef struct VisitSegment
{
	Oid datid;
	Oid after;       /* the visit reads relations with a greater OID */
	TaskError error; /* in: of the visit before, so that only news is logged; out: of this one */
} VisitSegment;

typedef struct VisitPage
{
	int32 count;
	int32 relations; /* count or 0 */
} VisitPage;

typedef struct VisitEnd
{
	int32 count;    /* 0 */
	int32 complete; /* there are no more relations */
	int64 database_bytes;
} VisitEnd;

static inline Size
dbops_visit_segment_size(void)
{
	return MAXALIGN(sizeof(VisitSegment)) + VISIT_QUEUE_BYTES;
}

static inline shm_mq *
dbops_visit_queue(VisitSegment *segment)
{
	return (shm_mq *) ((char *) segment + MAXALIGN(sizeof(VisitSegment)));
}
