/*
 * worker/autovacuum_due.c
 *		When autovacuum comes to a table; see autovacuum_due.h.
 *
 * A file of its own because it follows the server's decision (relation_needs_vacanalyze() in
 * autovacuum.c) step by step, and has to change with it.  Only the visitor of a database can tell:
 * it sees the number of rows that the planner knows, the options of the table, and the settings as
 * they are in that database.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic_d.h"
#include "postmaster/autovacuum.h"
#include "utils/rel.h"

#include "core/compat_activity.h"
#include "worker/autovacuum_due.h"

static bool
is_for_autovacuum(const Inspected *inspected)
{
	return inspected->persistence != RELPERSISTENCE_TEMP &&
	       (inspected->relkind == RELKIND_RELATION || inspected->relkind == RELKIND_MATVIEW ||
	        inspected->relkind == RELKIND_TOASTVALUE);
}

/* A TOAST table without options of its own follows its table.  NULL: none. */
static const AutoVacOpts *
find_options(const Inspected *inspected, const TableOptions *options)
{
	bool is_own = options->own != 0;
	Datum words = is_own ? options->own : options->of_table;
	char relkind = is_own ? inspected->relkind : RELKIND_RELATION;
	const StdRdOptions *parsed;

	if (words == 0)
		return NULL;
	parsed = (const StdRdOptions *) heap_reloptions(relkind, words, false);
	return parsed == NULL ? NULL : &parsed->autovacuum;
}

/* What the table says, where it does, else the setting. */
static double
choose(bool has_options, double option, double none_below, double setting)
{
	return has_options && option >= none_below ? option : setting;
}

static double
get_vacuum_threshold(const AutoVacOpts *options, double tuples)
{
	bool has = options != NULL;
	double limit = dbops_compat_vacuum_max_threshold(options);
	double threshold =
	    choose(has, has ? options->vacuum_threshold : 0, 0, autovacuum_vac_thresh) +
	    choose(has, has ? options->vacuum_scale_factor : 0, 0, autovacuum_vac_scale) * tuples;

	return limit >= 0 ? Min(threshold, limit) : threshold;
}

static double
get_insert_threshold(const AutoVacOpts *options, double tuples)
{
	bool has = options != NULL;
	double base =
	    choose(has, has ? options->vacuum_ins_threshold : 0, -1, autovacuum_vac_ins_thresh);

	if (base < 0)
		return DICTIONARY_NEVER;
	return base +
	       choose(has, has ? options->vacuum_ins_scale_factor : 0, 0, autovacuum_vac_ins_scale) *
	           tuples;
}

static double
get_analyze_threshold(const AutoVacOpts *options, double tuples)
{
	bool has = options != NULL;

	return choose(has, has ? options->analyze_threshold : 0, 0, autovacuum_anl_thresh) +
	       choose(has, has ? options->analyze_scale_factor : 0, 0, autovacuum_anl_scale) * tuples;
}

void
dbops_autovacuum_due_fill(Inspected *inspected, const TableOptions *options)
{
	double tuples = Max((double) inspected->tuples, 0);
	const AutoVacOpts *autovacuum;

	inspected->vacuum_threshold = DICTIONARY_NEVER;
	inspected->insert_threshold = DICTIONARY_NEVER;
	inspected->analyze_threshold = DICTIONARY_NEVER;
	if (!is_for_autovacuum(inspected))
		return;
	autovacuum = find_options(inspected, options);
	if (autovacuum != NULL && !autovacuum->enabled)
		return;
	inspected->vacuum_threshold = (float4) get_vacuum_threshold(autovacuum, tuples);
	inspected->insert_threshold =
	    (float4) get_insert_threshold(autovacuum, tuples * options->unfrozen);
	if (inspected->relkind != RELKIND_TOASTVALUE && inspected->relid != StatisticRelationId)
		inspected->analyze_threshold = (float4) get_analyze_threshold(autovacuum, tuples);
}
