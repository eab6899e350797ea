/*
 * worker/endpoint.c
 *		The ends of sequences and indexes; see endpoint.h.
 *
 * The sequence's page is read here rather than by pg_sequence_last_value(), which waits for a lock
 * and remembers each sequence in the session.  Of an index one page of each level is read; its last
 * leaf tells all, so that the cost does not depend on how many dead rows there are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type_d.h"
#include "commands/sequence.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "core/compat.h"
#include "worker/endpoint.h"

/* The relation is NULL unless it was found. */
static EndpointResult
open_if_free(Oid relid, Relation *relation)
{
	*relation = NULL;
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return ENDPOINT_BUSY;
	*relation = try_relation_open(relid, NoLock);
	if (*relation != NULL)
		return ENDPOINT_FOUND;
	UnlockRelationOid(relid, AccessShareLock);
	return ENDPOINT_NONE;
}

/* A standby has only the empty files of unlogged relations, and a parent of partitions has none. */
static bool
has_data(const Relation relation)
{
	if (RelationUsesLocalBuffers(relation))
		return false;
	return relation->rd_rel->relpersistence != RELPERSISTENCE_UNLOGGED || !RecoveryInProgress();
}

static bool
read_sequence_page(Relation relation, SequencePoint *point)
{
	Buffer buffer = ReadBuffer(relation, 0);
	Page page;
	ItemId item;
	bool found;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	found = PageGetMaxOffsetNumber(page) >= FirstOffsetNumber;
	item = found ? PageGetItemId(page, FirstOffsetNumber) : NULL;
	if (found && ItemIdIsNormal(item))
	{
		const HeapTupleHeader tuple = (HeapTupleHeader) PageGetItem(page, item);
		const FormData_pg_sequence_data *data =
		    (const FormData_pg_sequence_data *) ((char *) tuple + tuple->t_hoff);

		point->last_value = data->last_value;
		point->is_called = data->is_called;
	}
	else
		found = false;
	UnlockReleaseBuffer(buffer);
	return found;
}

EndpointResult
dbops_endpoint_read_sequence(Oid relid, SequencePoint *point)
{
	Relation relation;
	EndpointResult result = open_if_free(relid, &relation);

	if (result != ENDPOINT_FOUND)
		return result;
	if (relation->rd_rel->relkind != RELKIND_SEQUENCE || !has_data(relation) ||
	    !read_sequence_page(relation, point))
		result = ENDPOINT_NONE;
	relation_close(relation, AccessShareLock);
	return result;
}

static bool
is_integer_tree(const Relation index)
{
	Oid type;

	if (index->rd_rel->relkind != RELKIND_INDEX || index->rd_rel->relam != BTREE_AM_OID ||
	    !index->rd_index->indisvalid)
		return false;
	type = TupleDescAttr(RelationGetDescr(index), 0)->atttypid;
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static int64
integer_of(Datum value, Oid type)
{
	if (type == INT2OID)
		return DatumGetInt16(value);
	return type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/* The entry nearest to the end that is neither NULL nor known to be dead. */
static bool
find_on_leaf(Relation index, Page page, bool rightmost, int64 *value)
{
	TupleDesc columns = RelationGetDescr(index);
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber last = PageGetMaxOffsetNumber(page);

	for (int i = 0; i <= last - first; i++)
	{
		ItemId item = PageGetItemId(page, rightmost ? last - i : first + i);
		Datum datum;
		bool isnull;

		if (ItemIdIsDead(item))
			continue;
		datum = index_getattr((IndexTuple) PageGetItem(page, item), 1, columns, &isnull);
		if (isnull)
			continue;
		*value = integer_of(datum, TupleDescAttr(columns, 0)->atttypid);
		return true;
	}
	return false;
}

static bool
read_leaf(Relation index, EndpointSide side, int64 *value)
{
	bool descending = (index->rd_indoption[0] & INDOPTION_DESC) != 0;
	bool rightmost = descending == (side == ENDPOINT_LOWEST);
	Buffer buffer = dbops_compat_btree_endpoint(index, rightmost);
	bool found;

	if (!BufferIsValid(buffer))
		return false;
	found = find_on_leaf(index, BufferGetPage(buffer), rightmost, value);
	UnlockReleaseBuffer(buffer);
	return found;
}

EndpointResult
dbops_endpoint_read_index(Oid table, Oid index, EndpointSide side, int64 *value)
{
	Relation tree;
	EndpointResult result;

	/* As everybody does, so that nobody who has the table's lock has to think of the index. */
	if (!ConditionalLockRelationOid(table, AccessShareLock))
		return ENDPOINT_BUSY;
	result = open_if_free(index, &tree);
	if (result == ENDPOINT_FOUND)
	{
		if (!is_integer_tree(tree) || !has_data(tree) || !read_leaf(tree, side, value))
			result = ENDPOINT_NONE;
		relation_close(tree, AccessShareLock);
	}
	UnlockRelationOid(table, AccessShareLock);
	return result;
}
