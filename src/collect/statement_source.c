/*
 * collect/statement_source.c
 *		The rows of pg_stat_statements; see statement_source.h.
 *
 * The function behind the view is called as the executor would call it, with a result to be filled
 * with rows, and without texts: those are read when a statement is new, not with each sample.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "collect/statement_source.h"

#define SOURCE "pg_stat_statements" /* the extension, and its function */

/* Where a metric comes from in the result, by position; -1 when this version lacks it. */
typedef struct Mapping
{
	int column;
	Oid type;
} Mapping;

/* The extension, or 0, and its schema. */
static Oid
find_extension(Oid *schema)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid extension = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
	            CStringGetDatum(SOURCE));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		extension = ((Form_pg_extension) GETSTRUCT(tuple))->oid;
		*schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	}
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return extension;
}

/* Anybody's function of that name would run with the rights of a superuser. */
static bool
is_own(Oid function, Oid extension)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool in_c =
	    HeapTupleIsValid(tuple) && ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return in_c && getExtensionOfObject(ProcedureRelationId, function) == extension;
}

static Oid
find_function(void)
{
	Oid schema = InvalidOid;
	Oid extension = find_extension(&schema);
	Oid argument = BOOLOID;
	Oid function;

	if (!OidIsValid(extension))
		return InvalidOid;
	function =
	    GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(SOURCE),
	                    PointerGetDatum(buildoidvector(&argument, 1)), ObjectIdGetDatum(schema));
	return OidIsValid(function) && is_own(function, extension) ? function : InvalidOid;
}

/* Calls the function without texts; the rows are in result->setResult. */
static void
call_function(Oid function, ReturnSetInfo *result)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo flinfo;

	*result = (ReturnSetInfo){.type = T_ReturnSetInfo,
	                          .econtext = CreateStandaloneExprContext(),
	                          .allowedModes = SFRM_Materialize,
	                          .returnMode = SFRM_ValuePerCall};
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, (Node *) result);
	fcinfo->args[0].value = BoolGetDatum(false);
	fcinfo->args[0].isnull = false;
	FunctionCallInvoke(fcinfo);
	if (result->returnMode != SFRM_Materialize || result->setResult == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("function \"%s\" is not that of pg_stat_statements", SOURCE),
		                errhint("Run ALTER EXTENSION pg_stat_statements UPDATE.")));
}

static Mapping
find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; name != NULL && i < desc->natts; i++)
	{
		if (namestrcmp(&TupleDescAttr(desc, i)->attname, name) == 0)
			return (Mapping){.column = i, .type = TupleDescAttr(desc, i)->atttypid};
	}
	return (Mapping){.column = -1};
}

static Mapping
find_required(TupleDesc desc, const char *name)
{
	Mapping mapping = find_column(desc, name);

	if (mapping.column < 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("function \"%s\" has no column \"%s\"", SOURCE, name),
		                errhint("Run ALTER EXTENSION pg_stat_statements UPDATE.")));
	return mapping;
}

static int64
convert_value(Datum value, Oid type, double factor)
{
	switch (type)
	{
		case FLOAT8OID:
			return (int64) (DatumGetFloat8(value) * (factor == 0 ? 1 : factor));
		case NUMERICOID:
			return DatumGetInt64(DirectFunctionCall1(numeric_int8, value));
		default:
			Assert(type == INT8OID);
			return DatumGetInt64(value);
	}
}

/* Where the labels stand, in their order in the key. */
static const char *const label_columns[] = {"dbid", "userid", "queryid", "toplevel"};

static int64
convert_label(Datum value, Oid type)
{
	switch (type)
	{
		case OIDOID:
			return DatumGetObjectId(value);
		case BOOLOID:
			return DatumGetBool(value);
		default:
			Assert(type == INT8OID);
			return DatumGetInt64(value);
	}
}

static void
add_rows(Frame *frame, ReturnSetInfo *result, const SourceColumn *columns, int ncolumns,
         const Mapping *mappings)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsMinimalTuple);
	Mapping labels[lengthof(label_columns)];

	for (int i = 0; i < lengthof(label_columns); i++)
		labels[i] = find_required(result->setDesc, label_columns[i]);
	dbops_frame_reserve(frame, frame->nrows + (int) tuplestore_tuple_count(result->setResult));
	while (tuplestore_gettupleslot(result->setResult, true, false, slot))
	{
		EntityKey key = {{0}};
		int64 *values;

		slot_getallattrs(slot);
		/* Hidden from whoever may not see it, and then of no use. */
		if (slot->tts_isnull[labels[2].column])
			continue;
		for (int i = 0; i < lengthof(label_columns); i++)
			key.num[i] = convert_label(slot->tts_values[labels[i].column], labels[i].type);
		values = dbops_frame_add(frame, &key, NULL);
		for (int i = 0; i < ncolumns; i++)
		{
			int column = mappings[i].column;

			if (column >= 0 && !slot->tts_isnull[column])
				values[columns[i].metric] =
				    convert_value(slot->tts_values[column], mappings[i].type, columns[i].factor);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
}

bool
dbops_statement_source_read(Frame *frame, const SourceColumn *columns, int ncolumns, bool *present)
{
	Oid function = find_function();
	ReturnSetInfo result;
	Mapping *mappings;

	if (!OidIsValid(function))
		return false;
	call_function(function, &result);
	mappings = palloc(sizeof(Mapping) * ncolumns);
	for (int i = 0; i < ncolumns; i++)
	{
		mappings[i] = find_column(result.setDesc, columns[i].name);
		if (mappings[i].column < 0)
			mappings[i] = find_column(result.setDesc, columns[i].old_name);
		present[columns[i].metric] = mappings[i].column >= 0;
	}
	add_rows(frame, &result, columns, ncolumns, mappings);
	tuplestore_end(result.setResult);
	FreeExprContext(result.econtext, true);
	return true;
}
