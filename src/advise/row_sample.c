/*
 * advise/row_sample.c
 *		Values in some rows of a table; see row_sample.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/heap.h"
#include "common/hashfn.h"
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
#include "advise/row_places.h"
#include "advise/row_sample.h"
#include "core/compat.h"
#include "core/compat_table.h"

/* What an index would hold is known well enough from some thousand rows. */
#define MOST_ROWS 3000
#define MOST_BLOCKS 300
#define MOST_BYTES (4 * 1024 * 1024)

#define JOINT_BYTES (32 * 1024 * 1024)

/* Where there may be a row in a block: as many as there are on average, and some more. */
#define UNEVEN_BLOCKS 1.25

/* Blocks are visited in steps of one of these, which is not their number's divisor. */
#define STEP 89
#define OTHER_STEP 97

/* One column of the sample. */
typedef struct Target
{
	AttrNumber attno;
	Node *expression; /* NULL: a column of the table */
	ExprState *state;
	RowSample *sample;
} Target;

typedef struct Sampling
{
	Relation table;
	int most_rows;
	BlockNumber most_blocks;
	Size most_bytes;
	bool in_order;
	bool joint;            /* all rows are wanted, if they are no more than that */
	RowPlaceLimits places; /* to look at; none: blocks are scanned */
	bool *alone;           /* of each row: it was drawn for itself; NULL: nobody asks */
	int ntargets;
	Target *targets;
	MemoryContext context; /* of the samples */
	int nrows;
	Size bytes;
	bool cut; /* rows or blocks were left out */
	ExprContext *econtext;
} Sampling;

static void
keep_value(Sampling *sampling, RowSample *sample, Datum value, bool isnull)
{
	MemoryContext caller = MemoryContextSwitchTo(sampling->context);
	int row = sampling->nrows;

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

static void
keep_row(Sampling *sampling, BlockNumber block)
{
	ExprContext *econtext = sampling->econtext;

	for (int i = 0; i < sampling->ntargets; i++)
	{
		const Target *target = &sampling->targets[i];
		MemoryContext caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
		bool isnull;
		Datum value = target->state != NULL ?
		                  ExecEvalExpr(target->state, econtext, &isnull) :
		                  slot_getattr(econtext->ecxt_scantuple, target->attno, &isnull);

		keep_value(sampling, target->sample, value, isnull);
		target->sample->blocks[sampling->nrows] = block;
		MemoryContextSwitchTo(caller);
	}
	sampling->nrows++;
	ResetExprContext(econtext);
}

/* Takes up to so many rows of the block. */
static void
look_at_block(Sampling *sampling, TableScanDesc scan, BlockNumber block, int most)
{
	TupleTableSlot *slot = sampling->econtext->ecxt_scantuple;
	ItemPointerData first;
	ItemPointerData last;

	ItemPointerSet(&first, block, FirstOffsetNumber);
	ItemPointerSet(&last, block, MaxOffsetNumber);
	table_rescan_tidrange(scan, &first, &last);
	for (int i = 0; i < most; i++)
	{
		if (!table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
			return;
		keep_row(sampling, block);
	}
	sampling->cut = true;
}

static void
look_at_blocks(Sampling *sampling, TableScanDesc scan)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(sampling->table);
	BlockNumber visits = Min(blocks, sampling->most_blocks);
	BlockNumber step = sampling->in_order ? 1 : visits % STEP == 0 ? OTHER_STEP : STEP;
	bool all = sampling->table->rd_rel->reltuples <= sampling->most_rows && sampling->joint;
	int most = visits == 0 ? 0 :
	           all         ? sampling->most_rows :
	                         (sampling->most_rows + visits - 1) / visits;

	sampling->cut = visits < blocks;
	for (BlockNumber i = 0; i < visits; i++)
	{
		uint64 visit = (uint64) i * step % visits;

		CHECK_FOR_INTERRUPTS();
		if (sampling->bytes >= sampling->most_bytes)
		{
			sampling->cut = true;
			break;
		}
		look_at_block(sampling, scan, (BlockNumber) ((visit * 2 + 1) * blocks / (visits * 2)),
		              Min(most, sampling->most_rows - sampling->nrows));
	}
}

/* Rows of all blocks, or of some at equal distances. */
static void
scan_blocks(Sampling *sampling, Snapshot snapshot)
{
	ItemPointerData none;
	TableScanDesc scan;

	ItemPointerSet(&none, 0, FirstOffsetNumber);
	scan = dbops_compat_beginscan_tidrange(sampling->table, snapshot, &none, &none);
	look_at_blocks(sampling, scan);
	table_endscan(scan);
}

/* Rows at places that are drawn; not all places have one. */
static void
fetch_rows(Sampling *sampling, Snapshot snapshot)
{
	TupleTableSlot *slot = sampling->econtext->ecxt_scantuple;
	int count;
	const RowPlace *places = dbops_row_places_choose(&sampling->places, &count);

	sampling->cut = true;
	for (int i = 0; i < count && sampling->bytes < sampling->most_bytes; i++)
	{
		ItemPointerData place;

		CHECK_FOR_INTERRUPTS();
		ItemPointerSet(&place, places[i].block, places[i].offset);
		if (!table_tuple_fetch_row_version(sampling->table, &place, snapshot, slot))
			continue;
		sampling->alone[sampling->nrows] = places[i].alone;
		keep_row(sampling, places[i].block);
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

	PushActiveSnapshot(snapshot);
	sampling->econtext = GetPerTupleExprContext(estate);
	sampling->econtext->ecxt_scantuple = slot;
	for (int i = 0; i < sampling->ntargets; i++)
	{
		Target *target = &sampling->targets[i];

		if (target->expression != NULL)
			target->state = ExecPrepareExpr((Expr *) target->expression, estate);
	}
	if (sampling->places.draws > 0)
		fetch_rows(sampling, snapshot);
	else
		scan_blocks(sampling, snapshot);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	PopActiveSnapshot();
	UnregisterSnapshot(snapshot);
}

static RowSample *
make_sample(const Sampling *sampling, const Target *target)
{
	RowSample *sample = palloc0(sizeof(RowSample));
	int rows = sampling->most_rows;

	if (target->expression != NULL)
		sample->type = exprType(target->expression);
	else if (target->attno < 0)
		sample->type = SystemAttributeDefinition(target->attno)->atttypid;
	else
		sample->type =
		    TupleDescAttr(RelationGetDescr(sampling->table), target->attno - 1)->atttypid;
	get_typlenbyval(sample->type, &sample->typlen, &sample->typbyval);
	sample->values = palloc(sizeof(Datum) * rows);
	sample->nulls = palloc(sizeof(bool) * rows);
	sample->blocks = palloc(sizeof(BlockNumber) * rows);
	return sample;
}

bool
dbops_row_sample_allowed(Relation table)
{
	Oid relid = RelationGetRelid(table);

	return superuser() || (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
	                       check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED);
}

static bool
is_readable(Relation table)
{
	return table->rd_tableam != NULL && table->rd_tableam->scan_set_tidrange != NULL &&
	       !RELATION_IS_OTHER_TEMP(table);
}

/* Whether there are rows in the samples of the targets, then. */
static bool
take(Sampling *sampling, Oid reader, bool *throws)
{
	RestrictedContext context = {.userid = reader};
	TaskError error;

	sampling->context = CurrentMemoryContext;
	for (int i = 0; i < sampling->ntargets; i++)
	{
		sampling->targets[i].sample = make_sample(sampling, &sampling->targets[i]);
		if (sampling->targets[i].expression != NULL)
			context.trusted_code = reader != GetUserId();
	}
	*throws = !dbops_restricted_run(&context, look, sampling, &error);
	for (int i = 0; i < sampling->ntargets; i++)
		sampling->targets[i].sample->nrows = sampling->nrows;
	return !*throws && sampling->nrows > 0;
}

static RowSample *
take_one(Relation table, AttrNumber attno, Node *expression, bool *throws)
{
	Target target = {.attno = attno, .expression = expression};
	Sampling sampling = {.table = table,
	                     .most_rows = MOST_ROWS,
	                     .most_blocks = MOST_BLOCKS,
	                     .most_bytes = MOST_BYTES,
	                     .in_order = expression != NULL,
	                     .ntargets = 1,
	                     .targets = &target};
	Oid reader = table->rd_rel->relowner;

	*throws = false;
	if (!is_readable(table) || (expression != NULL && !dbops_row_sample_allowed(table)))
		return NULL;
	if (expression != NULL && !superuser())
		reader = GetUserId();
	return take(&sampling, reader, throws) ? target.sample : NULL;
}

RowSample *
dbops_row_sample_take(Relation table, AttrNumber attno, Node *expression)
{
	bool throws;

	return take_one(table, attno, expression, &throws);
}

RowSample *
dbops_row_sample_evaluate(Relation table, Node *expression, bool *throws)
{
	return take_one(table, InvalidAttrNumber, expression, throws);
}

static RowPlaceLimits
limit_places(Relation table, const JointLimits *limits)
{
	double density = table->rd_rel->reltuples / Max(table->rd_rel->relpages, 1);
	int offsets = (int) Min(Max(ceil(density * UNEVEN_BLOCKS), 1), MaxHeapTuplesPerPage);

	return (RowPlaceLimits){.blocks = RelationGetNumberOfBlocks(table),
	                        .offsets = offsets,
	                        .draws = limits->draws,
	                        .per_draw = limits->rows / limits->draws};
}

bool
dbops_row_sample_joint(Relation table, List *expressions, const JointLimits *limits,
                       JointRows *rows)
{
	Sampling sampling = {.table = table,
	                     .most_rows = limits->rows,
	                     .most_blocks = limits->rows,
	                     .most_bytes = JOINT_BYTES,
	                     .joint = true,
	                     .ntargets = list_length(expressions)};
	bool throws;
	bool taken;

	if (!is_readable(table))
		return false;
	if (table->rd_rel->reltuples > limits->all)
		sampling.places = limit_places(table, limits);
	sampling.alone = palloc0(sizeof(bool) * limits->rows);
	sampling.targets = palloc0(sizeof(Target) * sampling.ntargets);
	for (int i = 0; i < sampling.ntargets; i++)
	{
		Node *expression = list_nth(expressions, i);

		if (IsA(expression, Var))
			sampling.targets[i].attno = castNode(Var, expression)->varattno;
		else
			sampling.targets[i].expression = expression;
	}
	taken = take(&sampling, superuser() ? table->rd_rel->relowner : GetUserId(), &throws);
	*rows = (JointRows){.ncolumns = sampling.ntargets,
	                    .nrows = sampling.nrows,
	                    .complete = !sampling.cut,
	                    .alone = sampling.alone,
	                    .columns = palloc(sizeof(RowSample *) * sampling.ntargets)};
	for (int i = 0; i < sampling.ntargets; i++)
		rows->columns[i] = sampling.targets[i].sample;
	return taken;
}

uint64
dbops_row_sample_hash(const RowSample *sample, int row)
{
	Datum value = sample->values[row];
	uint64 hash;

	if (sample->nulls[row])
		return 0;
	if (sample->typbyval)
		hash = hash_bytes_extended((unsigned char *) &value, sizeof(Datum), 0);
	else
		hash = hash_bytes_extended((unsigned char *) DatumGetPointer(value),
		                           datumGetSize(value, false, sample->typlen), 0);
	return Max(hash, 1);
}
