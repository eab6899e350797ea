/*
 * judge/health_funcs.c
 *		dbops.health, dbops.health_score() and dbops.checks, and the trigger of dbops.thresholds.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "core/preload.h"
#include "core/rows.h"
#include "judge/amount.h"
#include "judge/check.h"
#include "judge/subject.h"
#include "store/names.h"
#include "store/registry.h"

PG_FUNCTION_INFO_V1(dbops_verdicts);
PG_FUNCTION_INFO_V1(dbops_checks);
PG_FUNCTION_INFO_V1(dbops_health_score);
PG_FUNCTION_INFO_V1(dbops_thresholds_trigger);

static const char *const scope_names[] = {
    [SCOPE_CLUSTER] = "cluster",
    [SCOPE_DATABASE] = "database",
    [SCOPE_OBJECT] = "object",
};

/* Rounds that may be missing before what was judged says nothing about the present. */
#define LATE_ROUNDS 6
#define LATE_AT_LEAST_S 60

/* The board, of which there is none without the library. */
static Verdict *
read_board(int *nverdicts, TimestampTz *at)
{
	dbops_preload_require();
	return dbops_verdicts_copy(nverdicts, at);
}

/* Verdicts of long ago, or none at all: the keeper does not judge. */
static bool
is_old(TimestampTz at)
{
	int64 late_s = Max(LATE_ROUNDS * dbops_guc_sample_interval, LATE_AT_LEAST_S);

	return at == 0 || dbops_clock_now() - at > late_s * USECS_PER_SEC;
}

/* Health is unknown then, whatever was found before. */
static void
emit_old(RowSet *rows, TimestampTz at)
{
	dbops_rows_put_text(rows, "status", dbops_verdict_words[VERDICT_UNKNOWN]);
	dbops_rows_put_text(rows, "check_name", "health");
	dbops_rows_put_text(rows, "scope", scope_names[SCOPE_CLUSTER]);
	dbops_rows_put(rows, "points", Int32GetDatum(0));
	dbops_rows_put(rows, "database_points", Int32GetDatum(0));
	if (at == 0)
		dbops_rows_put_text(rows, "evidence", "nothing was judged yet");
	else
	{
		dbops_rows_put(rows, "since", TimestampTzGetDatum(at));
		dbops_rows_put(rows, "at", TimestampTzGetDatum(at));
		dbops_rows_put_text(rows, "evidence", "nothing was judged since; what follows is of then");
	}
	dbops_rows_put_text(rows, "what_to_do", "SELECT * FROM dbops.status();");
	dbops_rows_put_text(rows, "why", "Verdicts of long ago say nothing about the server as it is");
	dbops_rows_emit(rows);
}

static void
put_number(RowSet *rows, const char *column, double value)
{
	if (!isnan(value))
		dbops_rows_put(rows, column, Float8GetDatum(value));
}

/* What to do about it: %d is the database, %o the object. */
static char *
fill_in(const char *template, const Subject *subject)
{
	StringInfoData filled;

	if (template == NULL)
		return NULL;
	initStringInfo(&filled);
	for (const char *c = template; *c != '\0'; c++)
	{
		if (c[0] == '%' && c[1] == 'd' && subject->datname != NULL)
			appendStringInfoString(&filled, quote_identifier(subject->datname));
		else if (c[0] == '%' && c[1] == 'o' && subject->object != NULL)
			appendStringInfoString(&filled, subject->object);
		else
		{
			appendStringInfoChar(&filled, *c);
			continue;
		}
		c++;
	}
	return filled.data;
}

static void
put_limits(RowSet *rows, const Check *check, const Verdict *verdict)
{
	const char *unit = dbops_check_unit(check);
	bool critical = verdict->status == VERDICT_CRITICAL || isnan(verdict->warning);
	double limit = critical ? verdict->critical : verdict->warning;

	put_number(rows, "value_number", verdict->value);
	put_number(rows, "warning", verdict->warning);
	put_number(rows, "critical", verdict->critical);
	if (strcmp(unit, UNIT_OF_FLAG) == 0)
		return;
	dbops_rows_put_text(rows, "unit", unit);
	if (!isnan(verdict->value))
		dbops_rows_put_text(rows, "value", dbops_amount(verdict->value, unit));
	if (!isnan(limit))
		dbops_rows_put_text(
		    rows, "limit",
		    psprintf("%s %s", check->bad == BAD_ABOVE ? ">=" : "<", dbops_amount(limit, unit)));
}

static void
emit_verdict(RowSet *rows, Names *names, const Verdict *verdict, TimestampTz at)
{
	const Check *check = dbops_checks_by_name(verdict->check);
	Subject subject = {0};

	if (check == NULL)
		return;
	if (!verdict->whole)
		subject = dbops_subject_find(names, check->family, &verdict->key, verdict->texts);
	dbops_rows_put_text(rows, "status", dbops_verdict_words[verdict->status]);
	dbops_rows_put_text(rows, "check_name", check->name);
	dbops_rows_put_text(rows, "scope", scope_names[check->scope]);
	dbops_rows_put_text(rows, "datname", subject.datname);
	dbops_rows_put_text(rows, "object", subject.object);
	put_limits(rows, check, verdict);
	dbops_rows_put(rows, "since", TimestampTzGetDatum(verdict->since));
	dbops_rows_put(rows, "at", TimestampTzGetDatum(at));
	dbops_rows_put(rows, "points", Int32GetDatum(verdict->points));
	dbops_rows_put(rows, "database_points", Int32GetDatum(verdict->database_points));
	dbops_rows_put_text(rows, "evidence", verdict->evidence);
	if (verdict->status > VERDICT_UNKNOWN)
		dbops_rows_put_text(rows, "what_to_do", fill_in(check->what_to_do, &subject));
	dbops_rows_put_text(rows, "why", check->why);
	dbops_rows_emit(rows);
}

Datum
dbops_verdicts(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	Names *names = dbops_names_create();
	TimestampTz at;
	int nverdicts;
	const Verdict *verdicts = read_board(&nverdicts, &at);

	if (is_old(at))
		emit_old(rows, at);
	for (int i = 0; i < nverdicts; i++)
		emit_verdict(rows, names, &verdicts[i], at);
	return (Datum) 0;
}

Datum
dbops_checks(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int i = 0; i < dbops_checks_count(); i++)
	{
		const Check *check = dbops_checks_at(i);

		dbops_rows_put_text(rows, "check_name", check->name);
		dbops_rows_put_text(rows, "about", check->about);
		dbops_rows_put_text(rows, "scope", scope_names[check->scope]);
		dbops_rows_put_text(rows, "family", check->family->name);
		dbops_rows_put_text(rows, "unit", dbops_check_unit(check));
		dbops_rows_put_text(rows, "bad", check->bad == BAD_ABOVE ? "above" : "below");
		put_number(rows, "warning", check->warning);
		put_number(rows, "critical", check->critical);
		dbops_rows_put(rows, "for_seconds", Int32GetDatum(check->for_s));
		dbops_rows_put(rows, "points", Int32GetDatum(check->points));
		dbops_rows_put_text(rows, "why", check->why);
		dbops_rows_put_text(rows, "what_to_do", check->what_to_do);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

/* NULL of the argument is the server as a whole. */
Datum
dbops_health_score(PG_FUNCTION_ARGS)
{
	Oid datid = PG_ARGISNULL(0) ? InvalidOid : get_database_oid(NameStr(*PG_GETARG_NAME(0)), false);
	TimestampTz at;
	int nverdicts;
	const Verdict *verdicts = read_board(&nverdicts, &at);
	int score = dbops_verdicts_score(verdicts, nverdicts, datid);

	if (score < 0 || is_old(at))
		PG_RETURN_NULL();
	PG_RETURN_INT32(score);
}

/* ---- dbops.thresholds ----------------------------------------------------------------------- */

/* A column of the row that is being written. */
static Datum
get_column(const TriggerData *trigger, HeapTuple row, const char *name, bool *isnull)
{
	return heap_getattr(row, get_attnum(RelationGetRelid(trigger->tg_relation), name),
	                    RelationGetDescr(trigger->tg_relation), isnull);
}

static double
get_limit(const TriggerData *trigger, HeapTuple row, const char *name, double otherwise)
{
	bool isnull;
	Datum value = get_column(trigger, row, name, &isnull);

	return isnull ? otherwise : DatumGetFloat8(value);
}

static void
require_scope(const Check *check, bool has_datname, bool has_object)
{
	if ((has_datname && check->scope == SCOPE_CLUSTER) ||
	    (has_object && check->scope != SCOPE_OBJECT))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("check \"%s\" has no limits of its own for %s", check->name,
		                has_object ? "an object" : "a database"),
		         errhint("Leave %s NULL: the check is about %s.", has_object ? "object" : "datname",
		                 check->scope == SCOPE_CLUSTER ? "the server as a whole" :
		                                                 "each database as a whole")));
}

static void
require_order(const Check *check, double warning, double critical)
{
	if (isnan(warning) || isnan(critical) ||
	    (check->bad == BAD_ABOVE ? warning <= critical : warning >= critical))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_CHECK_VIOLATION),
	         errmsg("limits of check \"%s\" are the wrong way round", check->name),
	         errdetail("It would warn at %g, and be critical at %g already.", warning, critical),
	         errhint("A %s value is worse.", check->bad == BAD_ABOVE ? "higher" : "lower")));
}

Datum
dbops_thresholds_trigger(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;
	HeapTuple row;
	const char *name;
	const Check *check;
	Datum value;
	bool isnull;
	bool no_datname;
	bool no_object;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("must be called before a row is inserted or updated")));
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	value = get_column(trigger, row, "check_name", &isnull);
	/* The table's constraints come after this, and say best what is wrong. */
	if (isnull)
		return PointerGetDatum(row);
	name = TextDatumGetCString(value);
	check = dbops_checks_by_name(name);
	if (check == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no check \"%s\"", name),
		                errhint("SELECT check_name FROM dbops.checks lists them.")));
	get_column(trigger, row, "datname", &no_datname);
	get_column(trigger, row, "object", &no_object);
	require_scope(check, !no_datname, !no_object);
	require_order(check, get_limit(trigger, row, "warning", check->warning),
	              get_limit(trigger, row, "critical", check->critical));
	return PointerGetDatum(row);
}
