/*
 * expose/dashboard.c
 *		The dashboards there are, and each as Grafana's JSON; see dashboard.h.
 */
#include "postgres.h"

#include "expose/dashboard_panel.h"
#include "expose/dashboards.h"

/* Of Grafana 11; later ones bring it up to theirs. */
#define SCHEMA_VERSION 39

/* What all have in common; by it they link to each other. */
#define TAG "dbops"

#define REFRESH "1m"
#define SHOWN_FROM "now-6h"

/* How Grafana numbers when to ask again, and what moves together. */
#define REFRESH_ON_LOAD 1
#define SORT_NONE 0
#define SHARED_CROSSHAIR 1

static const Dashboard *const dashboards[] = {
    &dbops_dashboard_overview,    &dbops_dashboard_queries,  &dbops_dashboard_statement,
    &dbops_dashboard_waits,       &dbops_dashboard_system,   &dbops_dashboard_tables,
    &dbops_dashboard_replication, &dbops_dashboard_recovery, &dbops_dashboard_advice,
    &dbops_dashboard_prometheus,
};

const DashboardVariable dbops_dashboard_node = {
    .name = "node",
    .label = "Server",
    .about = "The server whose history is shown: this one, and standbys whose history it has",
    .query =
        "SELECT node FROM (SELECT dbops.node_name() AS node UNION SELECT node FROM "
        "dbops.server_history WHERE at > now() - interval '1 day' AND step = '1 hour') AS known "
        "ORDER BY node <> dbops.node_name(), node",
};

const DashboardVariable dbops_dashboard_database = {
    .name = "database",
    .label = "Database",
    .about = "Databases that are shown",
    .query = "SELECT datname::text AS __text, datid::text AS __value FROM dbops.database_now WHERE "
             "datid <> 0 AND datname NOT LIKE 'template_' ORDER BY datname",
    .all = "'0'",
};

const PanelLink dbops_dashboard_to_statement = {
    .column = "query",
    .title = "This statement over time",
    .dashboard = "statement",
    .variable = "statement",
    .value = "queryid",
};

const PanelLink dbops_dashboard_to_table = {
    .column = "relname",
    .title = "This table over time",
    .dashboard = "tables",
    .variable = "object",
    .value = "relid",
};

int
dbops_dashboard_count(void)
{
	return lengthof(dashboards);
}

const Dashboard *
dbops_dashboard_at(int index)
{
	return dashboards[index];
}

const Dashboard *
dbops_dashboard_by_name(const char *name)
{
	for (int i = 0; i < lengthof(dashboards); i++)
	{
		if (strcmp(dashboards[i]->name, name) == 0)
			return dashboards[i];
	}
	return NULL;
}

/* To all others, with the same time and choices. */
static void
write_links(JsonWriter *writer)
{
	static const JsonItem link[] = {
	    {.kind = JSON_ITEM_OBJECT},
	    {.kind = JSON_ITEM_TEXT, .name = "type", .text = "dashboards"},
	    {.kind = JSON_ITEM_TEXT, .name = "title", .text = "dbops"},
	    {.kind = JSON_ITEM_TEXT, .name = "tooltip", .text = "The other dashboards of dbops"},
	    {.kind = JSON_ITEM_TEXT, .name = "icon", .text = "external link"},
	    {.kind = JSON_ITEM_ARRAY, .name = "tags"},
	    {.kind = JSON_ITEM_TEXT, .text = TAG},
	    {.kind = JSON_ITEM_CLOSE},
	    {.kind = JSON_ITEM_BOOLEAN, .name = "asDropdown", .number = true},
	    {.kind = JSON_ITEM_BOOLEAN, .name = "includeVars", .number = true},
	    {.kind = JSON_ITEM_BOOLEAN, .name = "keepTime", .number = true},
	    {.kind = JSON_ITEM_BOOLEAN, .name = "targetBlank", .number = false},
	    {.kind = JSON_ITEM_CLOSE},
	    {.kind = JSON_ITEM_END},
	};

	dbops_json_writer_open(writer, "links", '[');
	dbops_json_writer_items(writer, link);
	dbops_json_writer_close(writer, ']');
}

static void
write_source_variable(JsonWriter *writer, DashboardLanguage language)
{
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "name", dbops_dashboard_panel_source_variable(language));
	dbops_json_writer_text(writer, "label", "Data source");
	dbops_json_writer_text(writer, "type", "datasource");
	dbops_json_writer_text(writer, "query", dbops_dashboard_panel_source_type(language));
	dbops_json_writer_number(writer, "refresh", REFRESH_ON_LOAD);
	dbops_json_writer_close(writer, '}');
}

static void
write_variable(JsonWriter *writer, const DashboardVariable *variable, DashboardLanguage language)
{
	const bool many = variable->all != NULL;

	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "name", variable->name);
	dbops_json_writer_text(writer, "label", variable->label);
	dbops_json_writer_text(writer, "description", variable->about);
	dbops_json_writer_text(writer, "type", "query");
	dbops_dashboard_panel_source(writer, language);
	dbops_json_writer_text(writer, "query", variable->query);
	dbops_json_writer_number(writer, "refresh", REFRESH_ON_LOAD);
	dbops_json_writer_number(writer, "sort", SORT_NONE);
	dbops_json_writer_boolean(writer, "multi", many);
	dbops_json_writer_boolean(writer, "includeAll", many);
	if (many)
	{
		dbops_json_writer_text(writer, "allValue", variable->all);
		dbops_json_writer_open(writer, "current", '{');
		dbops_json_writer_text(writer, "text", "All");
		dbops_json_writer_text(writer, "value", "$__all");
		dbops_json_writer_close(writer, '}');
	}
	dbops_json_writer_close(writer, '}');
}

static void
write_variables(JsonWriter *writer, const Dashboard *dashboard)
{
	dbops_json_writer_open(writer, "templating", '{');
	dbops_json_writer_open(writer, "list", '[');
	write_source_variable(writer, dashboard->language);
	for (int i = 0; i < DASHBOARD_VARIABLES && dashboard->variables[i] != NULL; i++)
		write_variable(writer, dashboard->variables[i], dashboard->language);
	dbops_json_writer_close(writer, ']');
	dbops_json_writer_close(writer, '}');
}

/* From the left to the right, as many as fit; what follows begins below the highest of them. */
static void
write_panels(JsonWriter *writer, const Dashboard *dashboard)
{
	const Thresholds *thresholds = dbops_thresholds_load();
	PanelPlace place = {0};
	int below = 0;

	dbops_json_writer_open(writer, "panels", '[');
	for (int i = 0; i < dashboard->npanels; i++)
	{
		const Panel *panel = &dashboard->panels[i];
		const int width = dbops_dashboard_panel_width(panel);

		place.id = i + 1;
		if (place.x + width > GRID_WIDTH)
		{
			place.x = 0;
			place.y = below;
		}
		dbops_dashboard_panel_write(writer, panel, dashboard, place, thresholds);
		place.x += width;
		below = Max(below, place.y + dbops_dashboard_panel_height(panel));
	}
	dbops_json_writer_close(writer, ']');
}

StringInfoData
dbops_dashboard_render(const Dashboard *dashboard)
{
	JsonWriter writer;

	dbops_json_writer_begin(&writer);
	dbops_json_writer_open(&writer, NULL, '{');
	dbops_json_writer_null(&writer, "id");
	dbops_json_writer_text(&writer, "uid", psprintf("dbops-%s", dashboard->name));
	dbops_json_writer_text(&writer, "title", dashboard->title);
	dbops_json_writer_text(&writer, "description", dashboard->answers);
	dbops_json_writer_open(&writer, "tags", '[');
	dbops_json_writer_text(&writer, NULL, TAG);
	dbops_json_writer_close(&writer, ']');
	dbops_json_writer_number(&writer, "schemaVersion", SCHEMA_VERSION);
	dbops_json_writer_boolean(&writer, "editable", true);
	dbops_json_writer_number(&writer, "graphTooltip", SHARED_CROSSHAIR);
	dbops_json_writer_text(&writer, "refresh", REFRESH);
	dbops_json_writer_text(&writer, "timezone", "");
	dbops_json_writer_open(&writer, "time", '{');
	dbops_json_writer_text(&writer, "from", SHOWN_FROM);
	dbops_json_writer_text(&writer, "to", "now");
	dbops_json_writer_close(&writer, '}');
	write_links(&writer);
	write_variables(&writer, dashboard);
	write_panels(&writer, dashboard);
	dbops_json_writer_close(&writer, '}');
	return writer.text;
}
