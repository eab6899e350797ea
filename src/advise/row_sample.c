/*
 * advise/row_sample.c
 *		Values in some rows of a table; see row_sample.h.
 */
#include "postgres.h"

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
#include "advise/row_sample.h"
#include "core/compat.h"
#include "core/compat_table.h"

/* How much is looked at. */
typedef struct SampleLimits
{
	int rows;
	int blocks;
	Size bytes;
} SampleLimits;

/* What an index would hold is known well enough from some thousand rows. */
static const SampleLimits few = {.rows = 3000, .blocks = 300, .bytes = 4 * 1024 * 1024};

/* For joint samples, of which the caller says how many rows: in that many blocks, and no more. */
#define ROWS_PER_BLOCK 10
#define JOINT_BYTES (32 * 1024 * 1024)

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
	const SampleLimits *limits;
	bool in_order;
	bool joint;
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

/* Rows of one block: all of them where all rows of the table are wanted. */
static int
rows_of_block(const Sampling *sampling, BlockNumber visits)
{
	const SampleLimits *limits = sampling->limits;
	double rows = sampling->table->rd_rel->reltuples;

	if (sampling->joint && rows >= 0 && rows <= limits->rows)
		return limits->rows;
	return (limits->rows + visits - 1) / visits;
}

static void
look_at_blocks(Sampling *sampling, TableScanDesc scan)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(sampling->table);
	BlockNumber visits = Min(blocks, sampling->limits->blocks);
	BlockNumber step = sampling->in_order ? 1 : visits % STEP == 0 ? OTHER_STEP : STEP;
	int most = visits == 0 ? 0 : rows_of_block(sampling, visits);

	sampling->cut = visits < blocks;
	for (BlockNumber i = 0; i < visits; i++)
	{
		uint64 visit = (uint64) i * step % visits;

		CHECK_FOR_INTERRUPTS();
		if (sampling->bytes >= sampling->limits->bytes)
		{
			sampling->cut = true;
			break;
		}
		look_at_block(sampling, scan, (BlockNumber) ((visit * 2 + 1) * blocks / (visits * 2)),
		              Min(most, sampling->limits->rows - sampling->nrows));
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
	for (int i = 0; i < sampling->ntargets; i++)
	{
		Target *target = &sampling->targets[i];

		if (target->expression != NULL)
			target->state = ExecPrepareExpr((Expr *) target->expression, estate);
	}
	scan = dbops_compat_beginscan_tidrange(table, snapshot, &none, &none);
	look_at_blocks(sampling, scan);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	PopActiveSnapshot();
	UnregisterSnapshot(snapshot);
}

static RowSample *
make_sample(const Sampling *sampling, const Target *target)
{
	RowSample *sample = palloc0(sizeof(RowSample));
	int rows = sampling->limits->rows;

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
	const RestrictedContext context = {.userid = reader};
	TaskError error;

	sampling->context = CurrentMemoryContext;
	for (int i = 0; i < sampling->ntargets; i++)
		sampling->targets[i].sample = make_sample(sampling, &sampling->targets[i]);
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
	                     .limits = &few,
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

bool
dbops_row_sample_joint(Relation table, List *expressions, int most, JointRows *rows)
{
	const SampleLimits limits = {
	    .rows = most, .blocks = Max(most / ROWS_PER_BLOCK, 1), .bytes = JOINT_BYTES};
	Sampling sampling = {
	    .table = table, .limits = &limits, .joint = true, .ntargets = list_length(expressions)};
	bool throws;
	bool taken;

	if (!is_readable(table))
		return false;
	sampling.targets = palloc0(sizeof(Target) * sampling.ntargets);
	for (int i = 0; i < sampling.ntargets; i++)
		sampling.targets[i].expression = list_nth(expressions, i);
	taken = take(&sampling, superuser() ? table->rd_rel->relowner : GetUserId(), &throws);
	*rows = (JointRows){.ncolumns = sampling.ntargets,
	                    .nrows = sampling.nrows,
	                    .complete = !sampling.cut,
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
