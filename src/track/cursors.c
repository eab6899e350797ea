/*
 * track/cursors.c
 *		Which statement the query of a declared cursor belongs to; see cursors.h.
 *
 * A cursor that a rolled back transaction leaves behind is never ended, so its entry stays until
 * another query descriptor at the same address starts, or its place is needed.
 */
#include "postgres.h"

#include "track/cursors.h"

#define CURSORS 64

typedef struct Cursor
{
	const QueryDesc *desc; /* only compared */
	StatementKey key;
} Cursor;

static Cursor cursors[CURSORS];
static int next_place = 0;
static int ncursors = 0;

static Cursor *
find_cursor(const QueryDesc *desc)
{
	/* Queries without a query id are many when nothing computes it; cursors are few. */
	if (desc != NULL && ncursors == 0)
		return NULL;
	for (int i = 0; i < CURSORS; i++)
	{
		if (cursors[i].desc == desc)
			return &cursors[i];
	}
	return NULL;
}

void
dbops_cursors_remember(const QueryDesc *desc, const StatementKey *key)
{
	Cursor *cursor = find_cursor(NULL);

	if (cursor == NULL)
	{
		cursor = &cursors[next_place];
		next_place = (next_place + 1) % CURSORS;
	}
	else
		ncursors++;
	cursor->desc = desc;
	cursor->key = *key;
}

const StatementKey *
dbops_cursors_find(const QueryDesc *desc)
{
	Cursor *cursor = find_cursor(desc);

	return cursor == NULL ? NULL : &cursor->key;
}

void
dbops_cursors_forget(const QueryDesc *desc)
{
	Cursor *cursor = find_cursor(desc);

	if (cursor == NULL)
		return;
	cursor->desc = NULL;
	ncursors--;
}
