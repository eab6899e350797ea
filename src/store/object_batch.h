/*
 * store/object_batch.h
 *		The form in which names travel from the sampler to dbops.object.
 *
 * The inspector sends names to the sampler, and the sampler puts batches of them into the ring,
 * under the family id OBJECTS_FAMILY, from where the keeper stores them.
 *
 * Layout of a batch (integers in network order):
 *		format byte (1), then until the end, for each object:
 *		class byte, relkind byte (0: none), flags byte, presence byte (bit 0 schema, 1 name,
 *		2 definition), datid u32, objid i64, parentid u32, then the present texts, each ended by
 * NUL. Texts are in UTF-8 where the encoding of their database allows.
 */
#pragma once

#include "lib/stringinfo.h"

/* Tick.family of a batch of names.  No family has this id. */
#define OBJECTS_FAMILY 0

#define OBJECT_CLASS_DATABASE 'd'
#define OBJECT_CLASS_ROLE 'u'
#define OBJECT_CLASS_RELATION 'r'
#define OBJECT_CLASS_STATEMENT 's'
#define OBJECT_CLASS_FUNCTION 'f' /* definition: its arguments */

#define OBJECT_IS_UNIQUE 1
#define OBJECT_IS_PRIMARY 2
#define OBJECT_IS_VALID 4
#define OBJECT_HAS_CONSTRAINT 8
#define OBJECT_DROPPED 16 /* only class, datid and objid say something */

/* Longest definition that is kept, in bytes. */
#define OBJECT_DEFINITION_MAX 16384

typedef struct NamedObject
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
} NamedObject;

/* Appends to a batch; an empty StringInfo becomes one.  Texts are cut to what the table keeps. */
extern void dbops_object_batch_append(StringInfo batch, const NamedObject *objects, int nobjects);

/*
 * Returns the number of objects and the array, in the current context; texts point into `data`.
 * Malformed data raises ERRCODE_DATA_CORRUPTED or ERRCODE_PROTOCOL_VIOLATION.
 */
extern int dbops_object_batch_decode(char *data, Size size, NamedObject **objects);

/* Class of the first object of a batch; 0: there is none. */
extern char dbops_object_batch_class(const char *data, Size size);
