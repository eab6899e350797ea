/*
 * judge/usual.c
 *		Learning what is usual; see usual.h.
 *
 * Histories of single statements are read by their index, so the time it takes depends on how many
 * statements are asked for, not on how many there are.
 */
#include "postgres.h"

#include "commands/extension.h"

#include "core/spi.h"
#include "judge/usual.h"

static const char usual_query[] =
    "WITH top AS (\n"
    "    SELECT datid, userid, queryid, toplevel\n"
    "      FROM dbops.statement_history\n"
    "     WHERE at > pg_catalog.now() - interval '20 minutes' AND node = dbops.node_name()\n"
    "     GROUP BY datid, userid, queryid, toplevel\n"
    "     ORDER BY pg_catalog.sum(total_exec_ms) DESC NULLS LAST\n"
    "     LIMIT 20\n"
    ")\n"
    "SELECT top.datid, top.userid, top.queryid, top.toplevel, past.p95_ms\n"
    "  FROM top,\n"
    "       LATERAL (\n"
    "    SELECT dbops.quantile(dbops.merge(h.exec_histogram), 0.95) AS p95_ms,\n"
    "           pg_catalog.sum(h.calls) AS calls\n"
    "      FROM dbops.statement_history AS h\n"
    "     WHERE h.step = '1 hour' AND h.node = dbops.node_name()\n"
    "       AND h.at > pg_catalog.now() - interval '7 days'\n"
    "       AND h.at < pg_catalog.now() - interval '2 hours'\n"
    "       AND h.datid = top.datid AND h.userid = top.userid AND h.queryid = top.queryid\n"
    "       AND h.toplevel = top.toplevel) AS past\n"
    " WHERE past.calls >= 100";

enum
{
	USUAL_DATID,
	USUAL_USERID,
	USUAL_QUERYID,
	USUAL_TOPLEVEL,
	USUAL_P95_MS,
};

void
dbops_usual_learn(Facts *statements)
{
	const SpiRows *rows;

	if (!OidIsValid(get_extension_oid("dbops", true)))
		return;
	rows = dbops_spi_query(usual_query, NULL, 0);
	dbops_facts_forget_usual(statements);
	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		const EntityKey key = {{
		    DatumGetObjectId(dbops_spi_cell(rows, i, USUAL_DATID, &isnull)),
		    DatumGetObjectId(dbops_spi_cell(rows, i, USUAL_USERID, &isnull)),
		    DatumGetInt64(dbops_spi_cell(rows, i, USUAL_QUERYID, &isnull)),
		    DatumGetBool(dbops_spi_cell(rows, i, USUAL_TOPLEVEL, &isnull)),
		}};
		Datum p95_ms = dbops_spi_cell(rows, i, USUAL_P95_MS, &isnull);

		if (!isnull)
			dbops_facts_set_usual(statements, &key, DatumGetFloat8(p95_ms));
	}
}
