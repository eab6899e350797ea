/*
 * collect/key_fill.h
 *		The sampler's memory of sequences and integer keys: what the inspector found, and when.
 *
 * A file of its own because the families "sequence" and "integer_key" read what visits to each
 * database feed in.  A pass is as many visits to one database as it takes to see all its sequences,
 * or all its tables, in the order of their OIDs; what a whole pass did not see is gone.  It lives
 * in the process that feeds it, and is bounded: what finds no room is not measured.
 */
#pragma once

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#define KEY_FILL_MAX 50000 /* sequences, and as many keys */

/* As sent by a visit, within one server. */
typedef struct SeenSequence
{
	Oid datid;
	Oid relid;
	int64 min_value;
	int64 max_value;
	int64 increment;
	int64 last_value; /* unless `called` and `read` */
	int16 type_bytes;
	bool cycles;
	bool called;
	bool read; /* false: it was locked, and says nothing of last_value and called */
} SeenSequence;

/* In the order of the words the family has for them. */
typedef enum KeySource
{
	KEY_FROM_NOTHING,
	KEY_FROM_SEQUENCE,
	KEY_FROM_INDEX,
	KEY_FROM_STATISTICS,
	KEY_FROM_REFERENCED,
} KeySource;

typedef struct SeenKey
{
	Oid datid;
	Oid relid;
	Oid sequenceid; /* 0: none feeds it */
	Oid referenced; /* table and column that a foreign key names; 0: none */
	int16 referenced_attnum;
	int16 attnum;
	int16 type_bytes;
	bool counts_down;
	bool locked;    /* it could not be read: what was known stays */
	int16 source;   /* KeySource */
	int64 step;     /* of its sequence, without sign; else 1 */
	int64 farthest; /* highest value, lowest when it counts down; unless KEY_FROM_NOTHING */
	char column[NAMEDATALEN]; /* in UTF-8, cut where that is longer */
} SeenKey;

typedef struct KnownSequence
{
	SeenSequence seen;
	TimestampTz read_at; /* 0: never */
} KnownSequence;

typedef struct KnownKey
{
	SeenKey seen;
	TimestampTz read_at;
} KnownKey;

/* What visits feed in; a pass ends when the last of the database was seen. */
extern void dbops_key_fill_learn_sequence(const SeenSequence *seen);
extern void dbops_key_fill_learn_key(const SeenKey *seen);
extern void dbops_key_fill_end_sequences(Oid datid);
extern void dbops_key_fill_end_keys(Oid datid);

/* The databases there are (List of Database); forgets all that is about others. */
extern void dbops_key_fill_set_databases(List *databases);

extern void
dbops_key_fill_walk_sequences(void (*each)(const KnownSequence *known, void *arg), void *arg);
extern void dbops_key_fill_walk_keys(void (*each)(const KnownKey *known, void *arg), void *arg);

/* NULL when that column is no key that is known. */
extern const KnownKey *dbops_key_fill_find_key(Oid datid, Oid relid, int16 attnum);
