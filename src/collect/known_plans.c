/*
 * collect/known_plans.c
 *		Which plans statements had, and their texts; see known_plans.h.
 *
 * A file of its own because what is seldom, a new plan, is kept apart from what each sample tells
 * of all plans: who looks for changes reads this small table, and of the history only the
 * statements that it names.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/timestamp.h"

#include "collect/known_plans.h"
#include "core/spi.h"
#include "track/plans.h"

/* last_seen_at is exact to the day. */
static const char learn_query[] =
    "INSERT INTO dbops.plan AS p (\n"
    "    datid, userid, queryid, toplevel, planid, definition, first_seen_at, last_seen_at\n"
    ")\n"
    "SELECT t.datid, t.userid, t.queryid, t.toplevel, t.planid, max(t.plan),\n"
    "    min(t.first_seen_at), max(t.last_seen_at)\n"
    "FROM dbops._tracked_plans($1) AS t\n"
    "GROUP BY t.datid, t.userid, t.queryid, t.toplevel, t.planid\n"
    "ON CONFLICT (datid, queryid, userid, toplevel, planid) DO UPDATE\n"
    "SET definition = coalesce(p.definition, excluded.definition),\n"
    "    last_seen_at = excluded.last_seen_at\n"
    "WHERE p.last_seen_at < excluded.last_seen_at - interval '1 day'\n"
    "    OR (p.definition IS NULL AND excluded.definition IS NOT NULL)";

static const char prune_query[] = "DELETE FROM dbops.plan WHERE last_seen_at < $1";

static uint32 learned_epoch = 0; /* plans that changed since have not been looked at */

void
dbops_known_plans_learn(void)
{
	uint32 epoch = dbops_plans_epoch();
	const SpiValue params[] = {{.type = INT8OID, .value = Int64GetDatum(learned_epoch)}};

	dbops_spi_execute(learn_query, params, lengthof(params));
	learned_epoch = epoch;
}

void
dbops_known_plans_forget(void)
{
	learned_epoch = 0;
}

void
dbops_known_plans_prune(TimestampTz before)
{
	const SpiValue params[] = {dbops_spi_instant(before)};

	dbops_spi_execute(prune_query, params, lengthof(params));
}
