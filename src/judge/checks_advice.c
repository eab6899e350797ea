/*
 * judge/checks_advice.c
 *		Checks of index advice: whether much could be gained, and whether what was done did harm.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

static bool
saved_percent(const Fact *fact, double *value)
{
	double open;

	if (dbops_term_percent(fact, "saved_ms_per_day", "total_ms_per_day", value))
	{
		/* Benefits are of plans, times of a window: together they may be more than all. */
		*value = Min(*value, 100);
		return true;
	}
	*value = 0;
	return dbops_term_get(fact, "open", &open) && open == 0;
}

static const Check checks[] = {
    {
        .name = "index advice",
        .about =
            "Share of a database's time that indexes would save which are advised and neither created nor dismissed",
        .family = &dbops_family_index_advice,
        .scope = SCOPE_DATABASE,
        .value = saved_percent,
        .unit = "percent",
        .columns = {"saved_ms_per_day", "total_ms_per_day", "open"},
        .warning = 10,
        .critical = NO_LIMIT,
        .evidence = {"open", "saved_ms_per_day", "total_ms_per_day"},
        .points = 1,
        .why = "The server could do the same with less: somebody waits for that time each day",
        .what_to_do =
            "SELECT datname, ddl, reason FROM dbops.index_recommendations WHERE status = 'open'; then the ddl in database %d.",
    },
    {
        .name = "index regressed",
        .about = "Index advice that was followed, and by which statements got slower",
        .family = &dbops_family_index_advice,
        .scope = SCOPE_DATABASE,
        .column = "regressed",
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"regressed"},
        .points = 2,
        .why = "What the planner expected of them did not come true",
        .what_to_do =
            "SELECT datname, outcome, undo_ddl FROM dbops.index_recommendations WHERE status = 'regressed'; then undo_ddl in database %d.",
    },
};

const CheckTable dbops_checks_advice = CHECK_TABLE(checks);
