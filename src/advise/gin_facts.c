/*
 * advise/gin_facts.c
 *		What keys a GIN index would have; see gin_facts.h.
 */
#include "postgres.h"

#include "access/gin.h"
#include "access/htup_details.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "advise/gin_facts.h"
#include "advise/key_counts.h"
#include "advise/row_sample.h"
#include "core/compat.h"

/* Of long documents so many keys are enough. */
#define MOST_KEYS 60000

typedef struct KeyType
{
	int16 len;
	bool byval;
} KeyType;

/* How values are taken apart. */
typedef struct Extraction
{
	FmgrInfo *extract;
	Oid collation;
	KeyType type;
} Extraction;

/* The type of the keys: as the class says, or of the elements of an array. */
static KeyType
key_type_of(Oid opclass, Oid column_type)
{
	HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	KeyType type;
	Oid key;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	key = ((Form_pg_opclass) GETSTRUCT(tuple))->opckeytype;
	ReleaseSysCache(tuple);
	if (IsPolymorphicType(key))
		key = get_base_element_type(column_type);
	if (!OidIsValid(key))
		key = column_type;
	get_typlenbyval(key, &type.len, &type.byval);
	return type;
}

static void
count_key(KeyCounts *counts, const KeyType *type, Datum key, KeyPlace place)
{
	const void *bytes = type->byval ? (const void *) &key : DatumGetPointer(key);
	Size size = type->byval ? sizeof(Datum) : type->len;
	Size width = type->len;

	if (type->len == -1)
	{
		const struct varlena *detoasted = PG_DETOAST_DATUM_PACKED(key);

		bytes = VARDATA_ANY(detoasted);
		size = VARSIZE_ANY_EXHDR(detoasted);
		width = size + (size + VARHDRSZ_SHORT <= VARATT_SHORT_MAX ? VARHDRSZ_SHORT : VARHDRSZ);
	}
	else if (type->len == -2)
		width = size = strlen(DatumGetCString(key)) + 1;
	dbops_key_counts_add(counts, hash_bytes_extended(bytes, size, 0), width, place);
}

/* What stands for a key where there is none, or NULL. */
#define NO_KEY UINT64CONST(1)
#define NULL_KEY UINT64CONST(2)

static int
count_value(KeyCounts *counts, const Extraction *by, const RowSample *sample, int row)
{
	KeyPlace place = {.row = row, .block = sample->blocks[row]};
	int32 nkeys = 0;
	bool *nulls = NULL;
	Datum *keys = (Datum *) DatumGetPointer(
	    FunctionCall3Coll(by->extract, by->collation, sample->values[row], PointerGetDatum(&nkeys),
	                      PointerGetDatum(&nulls)));

	if (keys == NULL || nkeys <= 0)
	{
		dbops_key_counts_add(counts, NO_KEY, 0, place);
		return 1;
	}
	for (int i = 0; i < nkeys; i++)
	{
		if (nulls != NULL && nulls[i])
			dbops_key_counts_add(counts, NULL_KEY, 0, place);
		else
			count_key(counts, &by->type, keys[i], place);
	}
	return nkeys;
}

void
dbops_gin_facts_load(const SpecColumn *column, Relation table, double tuples, SizeColumn *to)
{
	Oid type = get_opclass_input_type(column->opclass);
	Oid function =
	    get_opfamily_proc(get_opclass_family(column->opclass), type, type, GIN_EXTRACTVALUE_PROC);
	const RowSample *sample = dbops_row_sample_take(table, column->attno, column->expression);
	KeyCounts *counts = dbops_key_counts_new();
	MemoryContext work;
	FmgrInfo extract;
	Extraction by;
	KeyEstimate estimate;
	int nulls = 0;
	int nkeys = 0;
	int row;

	if (sample == NULL || !OidIsValid(function))
		return;
	fmgr_info(function, &extract);
	by = (Extraction){.extract = &extract,
	                  .collation = column->collation,
	                  .type = key_type_of(column->opclass, sample->type)};
	work =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops keys of a row", ALLOCSET_DEFAULT_SIZES);
	for (row = 0; row < sample->nrows && nkeys < MOST_KEYS; row++)
	{
		MemoryContext caller = MemoryContextSwitchTo(work);

		CHECK_FOR_INTERRUPTS();
		if (sample->nulls[row])
			nulls++;
		else
			nkeys += count_value(counts, &by, sample, row);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
	}
	MemoryContextDelete(work);
	estimate = dbops_key_counts_estimate(counts, row, tuples);
	to->null_ratio = (double) nulls / row;
	if (row == nulls)
		return;
	to->sampled = row;
	to->nelements = estimate.occurrences / (row - nulls);
	to->nkeys = estimate.growing;
	to->key_width = estimate.width;
	to->clustered = estimate.clustered;
	to->ncommon = estimate.ncommon;
	to->common = estimate.common;
}
