/*
 * worker/endpoint.h
 *		Where a sequence stands, and the highest or lowest key of a B-tree, without waiting.
 *
 * A file of its own because it reads pages of users' relations, which nothing else of dbops does:
 * one of a sequence, and of an index those from the root down to one end.  Locks are taken only if
 * they are free, and a relation that is locked, gone or not readable here is said to be so.
 */
#pragma once

#include "postgres_ext.h"

typedef struct SequencePoint
{
	int64 last_value;
	bool is_called; /* false: last_value is the one to be given out next */
} SequencePoint;

typedef enum EndpointSide
{
	ENDPOINT_HIGHEST,
	ENDPOINT_LOWEST,
} EndpointSide;

typedef enum EndpointResult
{
	ENDPOINT_FOUND,
	ENDPOINT_NONE, /* there is no value, or the relation is gone or has no data on this server */
	ENDPOINT_BUSY, /* somebody has or wants it for himself */
} EndpointResult;

extern EndpointResult dbops_endpoint_read_sequence(Oid relid, SequencePoint *point);

/*
 * The greatest or least value of the first column, an integer, of a B-tree of the table; rows
 * deleted since may count.  NULLs that fill the last page hide what is before them.
 */
extern EndpointResult
dbops_endpoint_read_index(Oid table, Oid index, EndpointSide side, int64 *value);
