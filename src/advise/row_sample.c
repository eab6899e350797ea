/*
 * advise/row_sample.c
 *		Values in some rows of a table; see row_sample.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/heap.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "advise/restricted.h"
#include "advise/row_sample.h"
#include "core/compat.h"
#include "core/compat_table.h"

#define MOST_ROWS 3000
#define MOST_BLOCKS 300
#define MOST_BYTES (4 * 1024 * 1024)

/* Blocks are visited in steps of one of these, which is not their number's divisor. */
#define STEP 89
#define OTHER_STEP 97

typedef struct Sampling
{
	Relation table;
	AttrNumber attno;
	Node *expression;
	MemoryContext context; /* of the sample */
	RowSample *sample;
	Size bytes;
	ExprContext *econtext;
	ExprState *state; /* of the expression; NULL: a column */
} Sampling;

static void
keep_value(Sampling *sampling, BlockNumber block, Datum value, bool isnull)
{
	RowSample *sample = sampling->sample;
	MemoryContext caller = MemoryContextSwitchTo(sampling->context);
	int row = sample->nrows++;

	sample->blocks[row] = block;
	sample->nulls[row] = isnull;
	if (!isnull)
	{
		if (sample->typlen == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM(value));
		sample->values[row] = datumCopy(value, sample->typbyval, sample->typlen);
		sampling->bytes += datumGetSize(value, sample->typbyval, sample->typlen);
	}
	MemoryContextSwitchTo(caller);
}

/* Takes up to so many rows of the block. */
static void
look_at_block(Sampling *sampling, TableScanDesc scan, BlockNumber block, int most)
{
	ExprContext *econtext = sampling->econtext;
	TupleTableSlot *slot = econtext->ecxt_scantuple;
	ItemPointerData first;
	ItemPointerData last;

	ItemPointerSet(&first, block, FirstOffsetNumber);
	ItemPointerSet(&last, block, MaxOffsetNumber);
	table_rescan_tidrange(scan, &first, &last);
	for (int i = 0; i < most && table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot);
	     i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		bool isnull;
		Datum value = sampling->state != NULL ? ExecEvalExpr(sampling->state, econtext, &isnull) :
		                                        slot_getattr(slot, sampling->attno, &isnull);

		keep_value(sampling, block, value, isnull);
		MemoryContextSwitchTo(caller);
		ResetExprContext(econtext);
	}
}

static void
look_at_blocks(Sampling *sampling, TableScanDesc scan)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(sampling->table);
	BlockNumber visits = Min(blocks, MOST_BLOCKS);
	BlockNumber step = sampling->expression != NULL ? 1 : visits % STEP == 0 ? OTHER_STEP : STEP;
	int most = visits == 0 ? 0 : (MOST_ROWS + visits - 1) / visits;

	for (BlockNumber i = 0; i < visits && sampling->bytes < MOST_BYTES; i++)
	{
		uint64 visit = (uint64) i * step % visits;

		CHECK_FOR_INTERRUPTS();
		look_at_block(sampling, scan, (BlockNumber) ((visit * 2 + 1) * blocks / (visits * 2)),
		              Min(most, MOST_ROWS - sampling->sample->nrows));
	}
}

static void
look(void *arg)
{
	Sampling *sampling = arg;
	Relation table = sampling->table;
	EState *estate = CreateExecutorState();
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	TupleTableSlot *slot = table_slot_create(table, NULL);
	ItemPointerData none;
	TableScanDesc scan;

	ItemPointerSet(&none, 0, FirstOffsetNumber);
	PushActiveSnapshot(snapshot);
	sampling->econtext = GetPerTupleExprContext(estate);
	sampling->econtext->ecxt_scantuple = slot;
	if (sampling->expression != NULL)
		sampling->state = ExecPrepareExpr((Expr *) sampling->expression, estate);
	scan = dbops_compat_beginscan_tidrange(table, snapshot, &none, &none);
	look_at_blocks(sampling, scan);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	PopActiveSnapshot();
	UnregisterSnapshot(snapshot);
}

static RowSample *
make_sample(const Sampling *sampling)
{
	RowSample *sample = palloc0(sizeof(RowSample));

	if (sampling->expression != NULL)
		sample->type = exprType(sampling->expression);
	else if (sampling->attno < 0)
		sample->type = SystemAttributeDefinition(sampling->attno)->atttypid;
	else
		sample->type =
		    TupleDescAttr(RelationGetDescr(sampling->table), sampling->attno - 1)->atttypid;
	get_typlenbyval(sample->type, &sample->typlen, &sample->typbyval);
	sample->values = palloc(sizeof(Datum) * MOST_ROWS);
	sample->nulls = palloc(sizeof(bool) * MOST_ROWS);
	sample->blocks = palloc(sizeof(BlockNumber) * MOST_ROWS);
	return sample;
}

/* Functions in an expression run with the rights of who asks for it, never with more. */
static bool
may_evaluate(Relation table)
{
	Oid relid = RelationGetRelid(table);

	return superuser() || (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
	                       check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED);
}

static RowSample *
take(Sampling *sampling, bool *throws)
{
	Relation table = sampling->table;
	RestrictedContext reader = {.userid = table->rd_rel->relowner};
	TaskError error;

	*throws = false;
	if (table->rd_tableam == NULL || table->rd_tableam->scan_set_tidrange == NULL ||
	    RELATION_IS_OTHER_TEMP(table))
		return NULL;
	if (sampling->expression != NULL)
	{
		if (!may_evaluate(table))
			return NULL;
		if (!superuser())
			reader.userid = GetUserId();
		reader.trusted_code = reader.userid != GetUserId();
	}
	sampling->context = CurrentMemoryContext;
	sampling->sample = make_sample(sampling);
	*throws = !dbops_restricted_run(&reader, look, sampling, &error);
	return *throws || sampling->sample->nrows == 0 ? NULL : sampling->sample;
}

RowSample *
dbops_row_sample_take(Relation table, AttrNumber attno, Node *expression)
{
	Sampling sampling = {.table = table, .attno = attno, .expression = expression};
	bool throws;

	return take(&sampling, &throws);
}

RowSample *
dbops_row_sample_evaluate(Relation table, Node *expression, bool *throws)
{
	Sampling sampling = {.table = table, .expression = expression};

	return take(&sampling, throws);
}
