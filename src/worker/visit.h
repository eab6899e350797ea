/*
 * worker/visit.h
 *		A visit to one database: what the inspector process and the sampler share while it lasts.
 *
 * The sampler makes a segment, the inspector attaches and streams messages through its queue:
 * any number of pages, each a VisitPage and a batch (store/object_batch.h) of `count` names; in
 * a page of relations as many Inspected (collect/dictionary.h) come before the batch, in the
 * same order, by OID.  Then a VisitEnd; then pages of sequences and of keys, each a VisitFill
 * with `count` SeenSequence or SeenKey (collect/key_fill.h), and pages of densities with `count`
 * SeenDensity (collect/dictionary.h).  A visit that runs out of time
 * ends with what it has, and the next one goes on from there.
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
	Oid after; /* the visit reads relations with a greater OID */
	Oid after_sequence;
	Oid after_keys;    /* likewise, of the tables whose keys are read */
	Oid after_density; /* likewise, of those whose density is estimated */
	TaskError error;   /* in: of the visit before, so that only news is logged; out: of this one */
	TaskError fill_error;    /* likewise, of looking at sequences and keys */
	TaskError density_error; /* likewise, of estimating densities */
} VisitSegment;

/* How each message begins. */
typedef enum VisitMessage
{
	VISIT_END,
	VISIT_RELATIONS,
	VISIT_FUNCTIONS,
	VISIT_SEQUENCES,
	VISIT_KEYS,
	VISIT_DENSITY,
} VisitMessage;

typedef struct VisitPage
{
	int32 kind; /* VISIT_RELATIONS or VISIT_FUNCTIONS */
	int32 count;
} VisitPage;

typedef struct VisitEnd
{
	int32 kind;     /* VISIT_END */
	int32 complete; /* there are no more relations */
	int64 database_bytes;
} VisitEnd;

typedef struct VisitFill
{
	int32 kind; /* VISIT_SEQUENCES, VISIT_KEYS or VISIT_DENSITY */
	int32 count;
	Oid after;   /* where the next page goes on */
	int32 ended; /* there are no more: the next one begins anew */
} VisitFill;

/* Sends a message; ends the process, quietly, when the sampler does not listen any more. */
extern void dbops_visit_send(shm_mq_handle *queue, Size size, const void *data);

/* The words in UTF-8, or as they are where they have no form in it; in the current context. */
extern char *dbops_visit_to_utf8(char *words);

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
