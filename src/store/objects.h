/*
 * store/objects.h
 *		The dictionary of names, dbops.object, and the form in which names travel to it.
 *
 * The only writer of the table.  Names of relations come from the sampler, as batches in the ring
 * under the family id OBJECTS_FAMILY; the keeper stores them.  Databases, roles and statement texts
 * the keeper reads itself.  All functions that store run in the keeper, inside a transaction with a
 * snapshot, in the database that has the extension; the rest works anywhere.
 *
 * Layout of a batch (integers in network order):
 *		format byte (1), then until the end, for each object:
 *		class byte, relkind byte (0: none), flags byte, presence byte (bit 0 schema, 1 name,
 *		2 definition), datid u32, objid i64, parentid u32, then the present texts, each ended by NUL.
 * Texts are in UTF-8 where the encoding of their database allows.
 */
#pragma once

#include "lib/stringinfo.h"
#include "datatype/timestamp.h"

/* Tick.family of a batch of names.  No family has this id. */
#define OBJECTS_FAMILY 0

#define OBJECT_CLASS_DATABASE 'd'
#define OBJECT_CLASS_ROLE 'u'
#define OBJECT_CLASS_RELATION 'r'
#define OBJECT_CLASS_STATEMENT 's'

#define OBJECT_IS_UNIQUE 1
#define OBJECT_IS_PRIMARY 2
#define OBJECT_IS_VALID 4
#define OBJECT_HAS_CONSTRAINT 8
#define OBJECT_DROPPED 16 /* only class, datid and objid say something */

/* Longest definition that is kept, in bytes. */
#define OBJECT_DEFINITION_MAX 16384

typedef struct ObjectName
{
	char class;
	char relkind; /* as in pg_class, for relations */
	uint8 flags;
	Oid datid;
	int64 objid;
	Oid parentid;
	const char *schemaname; /* texts may be NULL */
	const char *objname;
	const char *definition;
} ObjectName;

/* Appends to a batch; an empty StringInfo becomes one.  Texts are cut to what the table keeps. */
extern void dbops_objects_encode_batch(StringInfo batch, const ObjectName *objects, int nobjects);

/*
 * Returns the number of objects and the array, in the current context; texts point into `data`.
 * Malformed data raises ERRCODE_DATA_CORRUPTED or ERRCODE_PROTOCOL_VIOLATION.
 */
extern int dbops_objects_decode_batch(char *data, Size size, ObjectName **objects);

/*
 * Stores names and marks what the flags say is dropped, in two statements.  What has not changed is
 * not written, except last_seen_at once a day.  Returns the number of rows written.
 */
extern uint64 dbops_objects_upsert(const ObjectName *objects, int nobjects, TimestampTz at);

/* The same for a batch as it lies in the ring; `at` is the tick's. */
extern uint64 dbops_objects_store_batch(char *data, Size size, TimestampTz at);

/* Stores names of databases and roles, and marks those dropped that are not there any more. */
extern uint64 dbops_objects_learn_shared(TimestampTz at);

/*
 * Deletes objects dropped, and statements last seen, before `before`: the oldest time the history
 * reaches back to.
 */
extern uint64 dbops_objects_prune(TimestampTz before);
