/*
 * expose/dashboard_funcs.c
 *		dbops.grafana_dashboard() and the list of what it knows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "core/rows.h"
#include "expose/dashboard.h"

PG_FUNCTION_INFO_V1(dbops_grafana_dashboard);
PG_FUNCTION_INFO_V1(dbops__grafana_dashboards);

static const char *
list_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < dbops_dashboard_count(); i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ", dbops_dashboard_at(i)->name);
	return names.data;
}

Datum
dbops_grafana_dashboard(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const Dashboard *dashboard = dbops_dashboard_by_name(name);
	StringInfoData rendered;

	if (dashboard == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
		        errmsg("there is no dashboard \"%s\"", name),
		        errhint("There are: %s.", list_names()));
	rendered = dbops_dashboard_render(dashboard);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(rendered.data, rendered.len));
}

Datum
dbops__grafana_dashboards(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);

	for (int i = 0; i < dbops_dashboard_count(); i++)
	{
		const Dashboard *dashboard = dbops_dashboard_at(i);

		dbops_rows_put_text(rows, "name", dashboard->name);
		dbops_rows_put_text(rows, "title", dashboard->title);
		dbops_rows_put_text(rows, "answers", dashboard->answers);
		dbops_rows_put_text(rows, "datasource",
		                    dashboard->language == DASHBOARD_SQL ? "PostgreSQL" : "Prometheus");
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
