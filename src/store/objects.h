/*
 * store/objects.h
 *		The dictionary of names, dbops.object.
 *
 * The only writer of the table.  Names of relations come from the sampler through the ring;
 * databases, roles and statement texts are read here.  Everything but noting a statement runs in
 * the keeper, inside a transaction with a snapshot, in the database that has the extension.
 */
#pragma once

#include "datatype/timestamp.h"

#include "store/object_batch.h"

/*
 * Stores names and marks what the flags say is dropped, in two statements.  What has not changed is
 * not written, except last_seen_at once a day.  Returns the number of rows written.
 */
extern uint64 dbops_objects_upsert(const NamedObject *objects, int nobjects, TimestampTz at);

/* The same for a batch as it lies in the ring; `at` is the tick's. */
extern uint64 dbops_objects_store_batch(char *data, Size size, TimestampTz at);

/*
 * Stores texts of statements that have none, of a batch that another server sent; others are seen
 * to be in use.  A batch with anything else is an error.
 */
extern uint64 dbops_objects_add_statements(char *data, Size size, TimestampTz at);

/* Stores names of databases and roles, and marks those dropped that are not there any more. */
extern uint64 dbops_objects_learn_shared(TimestampTz at);

/*
 * Deletes objects dropped, and statements and functions last seen, before `before`: the oldest time
 * the history reaches back to.
 */
extern uint64 dbops_objects_prune(TimestampTz before);

/* Tells that a statement was seen.  Cheap: a probe of a local hash; needs no transaction. */
extern void dbops_objects_note_statement(Oid datid, int64 queryid);

/* Forgets which texts are stored, as when the table is another one. */
extern void dbops_objects_forget_statements(void);

/*
 * Reads and stores texts of statements that were noted and have none, if there are any and the last
 * read is dbops.wide_interval ago: pg_stat_statements can only hand out all its texts at once,
 * which takes some 50 ms for 7,000.  Returns how many it stored.  Without pg_stat_statements it
 * does nothing.  On a standby they are handed on to be shipped.
 */
extern int dbops_objects_learn_statements(void);
