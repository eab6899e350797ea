/*
 * expose/dashboard_panel.c
 *		A panel of a dashboard as Grafana's JSON; see dashboard_panel.h.
 */
#include "postgres.h"

#include <math.h>

#include "expose/dashboard_panel.h"

#define OBJECT(called)                             \
	{                                              \
		.kind = JSON_ITEM_OBJECT, .name = (called) \
	}
#define ARRAY(called)                             \
	{                                             \
		.kind = JSON_ITEM_ARRAY, .name = (called) \
	}
#define CLOSE                   \
	{                           \
		.kind = JSON_ITEM_CLOSE \
	}
#define TEXT(called, value)                                       \
	{                                                             \
		.kind = JSON_ITEM_TEXT, .name = (called), .text = (value) \
	}
#define NUMBER(called, value)                                         \
	{                                                                 \
		.kind = JSON_ITEM_NUMBER, .name = (called), .number = (value) \
	}
#define BOOLEAN(called, value)                                         \
	{                                                                  \
		.kind = JSON_ITEM_BOOLEAN, .name = (called), .number = (value) \
	}
#define END                   \
	{                         \
		.kind = JSON_ITEM_END \
	}

/* ---- how each kind is drawn ----------------------------------------------------------------- */

/* The latest value of each column, words too. */
#define LATEST                                                                 \
	OBJECT("reduceOptions"), ARRAY("calcs"), TEXT(NULL, "lastNotNull"), CLOSE, \
	    TEXT("fields", "/.*/"), BOOLEAN("values", false), CLOSE

static const JsonItem stat_options[] = {
    LATEST,
    TEXT("colorMode", "value"),
    TEXT("graphMode", "none"),
    TEXT("justifyMode", "auto"),
    TEXT("orientation", "auto"),
    TEXT("textMode", "auto"),
    END,
};

static const JsonItem gauge_options[] = {
    LATEST,
    TEXT("orientation", "auto"),
    BOOLEAN("showThresholdLabels", false),
    BOOLEAN("showThresholdMarkers", true),
    END,
};

static const JsonItem series_options[] = {
    OBJECT("legend"),
    BOOLEAN("showLegend", true),
    TEXT("displayMode", "list"),
    TEXT("placement", "bottom"),
    ARRAY("calcs"),
    CLOSE,
    CLOSE,
    OBJECT("tooltip"),
    TEXT("mode", "multi"),
    TEXT("sort", "desc"),
    CLOSE,
    END,
};

static const JsonItem table_options[] = {
    NUMBER("frameIndex", 0),
    BOOLEAN("showHeader", true),
    TEXT("cellHeight", "sm"),
    END,
};

static const JsonItem no_custom[] = {END};

/* An entity at rest has no rows: its line goes on. */
#define SERIES(style, opacity)                                                        \
	TEXT("drawStyle", style), NUMBER("lineWidth", 1), NUMBER("fillOpacity", opacity), \
	    TEXT("showPoints", "auto"), BOOLEAN("spanNulls", true)

#define STACKED OBJECT("stacking"), TEXT("mode", "normal"), TEXT("group", "A"), CLOSE

static const JsonItem lines_custom[] = {SERIES("line", 8), END};
static const JsonItem stack_custom[] = {SERIES("line", 40), STACKED, END};
static const JsonItem bars_custom[] = {SERIES("bars", 70), STACKED, END};

static const JsonItem limit_lines[] = {
    OBJECT("thresholdsStyle"),
    TEXT("mode", "dashed"),
    CLOSE,
    END,
};

static const JsonItem table_custom[] = {
    TEXT("align", "auto"),
    BOOLEAN("filterable", true),
    BOOLEAN("inspect", true),
    OBJECT("cellOptions"),
    TEXT("type", "auto"),
    CLOSE,
    END,
};

typedef struct KindStyle
{
	const char *type; /* of Grafana's panels */
	int width;
	int height;
	const JsonItem *options;
	const JsonItem *custom;
	const char *color;
	bool over_time;
} KindStyle;

static const KindStyle styles[] = {
    [PANEL_ROW] = {.type = "row", .width = GRID_WIDTH, .height = 1},
    [PANEL_STAT] = {"stat", 4, 4, stat_options, no_custom, "thresholds", false},
    [PANEL_GAUGE] = {"gauge", 4, 4, gauge_options, no_custom, "thresholds", false},
    [PANEL_LINES] = {"timeseries", 12, 8, series_options, lines_custom, "palette-classic", true},
    [PANEL_STACK] = {"timeseries", 12, 8, series_options, stack_custom, "palette-classic", true},
    [PANEL_BARS] = {"timeseries", 12, 8, series_options, bars_custom, "palette-classic", true},
    [PANEL_TABLE] = {"table", GRID_WIDTH, 9, table_options, table_custom, "thresholds", false},
};

/* ---- names and units ------------------------------------------------------------------------ */

typedef struct SourceStyle
{
	const char *type;
	const char *variable;
} SourceStyle;

static const SourceStyle sources[] = {
    [DASHBOARD_SQL] = {"grafana-postgresql-datasource", "datasource"},
    [DASHBOARD_PROMQL] = {"prometheus", "prometheus"},
};

/* Units of dbops, and what Grafana calls them. */
static const char *const units[][2] = {
    {"percent", "percent"}, {"ms", "ms"},       {"seconds", "s"}, {"bytes", "bytes"},
    {"bytes/s", "Bps"},     {"pages/s", "ops"}, {"/s", "ops"},    {"days", "d"},
    {"times", "short"},     {"flag", "short"},  {"", "short"},
};

/* A column says its unit by the end of its name; where two match, the latter counts. */
static const char *const column_units[][2] = {
    {"/(^|_| )ms$/", "ms"},           {"/(^|_| )seconds$/", "s"}, {"/(^|_| )bytes$/", "bytes"},
    {"/(^|_| )percent$/", "percent"}, {"/_per_second$/", "ops"},
};

/* Words of verdicts, in colours. */
static const char *const status_colors[][2] = {
    {"ok", "green"},
    {"warning", "orange"},
    {"critical", "red"},
    {"unknown", "purple"},
};

static const char *
find_unit(const Panel *panel)
{
	const Check *check = panel->check == NULL ? NULL : dbops_checks_by_name(panel->check);

	if (panel->unit != NULL || check == NULL)
		return panel->unit;
	for (int i = 0; i < lengthof(units); i++)
	{
		if (strcmp(units[i][0], dbops_check_unit(check)) == 0)
			return units[i][1];
	}
	elog(ERROR, "no unit of Grafana is known for \"%s\"", dbops_check_unit(check));
}

int
dbops_dashboard_panel_width(const Panel *panel)
{
	return panel->width > 0 ? panel->width : styles[panel->kind].width;
}

int
dbops_dashboard_panel_height(const Panel *panel)
{
	return panel->height > 0 ? panel->height : styles[panel->kind].height;
}

const char *
dbops_dashboard_panel_source_type(DashboardLanguage language)
{
	return sources[language].type;
}

const char *
dbops_dashboard_panel_source_variable(DashboardLanguage language)
{
	return sources[language].variable;
}

void
dbops_dashboard_panel_source(JsonWriter *writer, DashboardLanguage language)
{
	dbops_json_writer_open(writer, "datasource", '{');
	dbops_json_writer_text(writer, "type", sources[language].type);
	dbops_json_writer_text(writer, "uid", psprintf("${%s}", sources[language].variable));
	dbops_json_writer_close(writer, '}');
}

/* ---- colours -------------------------------------------------------------------------------- */

static void
write_step(JsonWriter *writer, const char *color, double from)
{
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "color", color);
	if (isnan(from))
		dbops_json_writer_null(writer, "value");
	else
		dbops_json_writer_number(writer, "value", from);
	dbops_json_writer_close(writer, '}');
}

/* Grafana's steps begin at a value, so where little is bad the colour of a limit lies below it. */
static void
write_steps(JsonWriter *writer, const Check *check, const Limits *limits)
{
	const char *color = "green";

	if (check == NULL || !limits->enabled)
		write_step(writer, color, NAN);
	else if (check->bad == BAD_ABOVE)
	{
		write_step(writer, color, NAN);
		if (!isnan(limits->warning))
			write_step(writer, "orange", limits->warning);
		if (!isnan(limits->critical))
			write_step(writer, "red", limits->critical);
	}
	else
	{
		write_step(writer, !isnan(limits->critical) ? "red" : "orange", NAN);
		if (!isnan(limits->critical) && !isnan(limits->warning))
			write_step(writer, "orange", limits->critical);
		write_step(writer, color, !isnan(limits->warning) ? limits->warning : limits->critical);
	}
}

static void
write_thresholds(JsonWriter *writer, const char *name, const char *check_name,
                 const Thresholds *thresholds)
{
	const Check *check = check_name == NULL ? NULL : dbops_checks_by_name(check_name);
	Limits limits = {0};

	if (check_name != NULL && check == NULL)
		elog(ERROR, "there is no check \"%s\"", check_name);
	if (check != NULL)
		limits = dbops_thresholds_find(thresholds, check, NULL, NULL);
	dbops_json_writer_open(writer, name, '{');
	dbops_json_writer_text(writer, "mode", "absolute");
	dbops_json_writer_open(writer, "steps", '[');
	write_steps(writer, check, &limits);
	dbops_json_writer_close(writer, ']');
	dbops_json_writer_close(writer, '}');
}

static void
write_color(JsonWriter *writer, const char *name, const char *mode)
{
	dbops_json_writer_open(writer, name, '{');
	dbops_json_writer_text(writer, "mode", mode);
	dbops_json_writer_close(writer, '}');
}

static void
write_mappings(JsonWriter *writer, const char *name)
{
	dbops_json_writer_open(writer, name, '[');
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "type", "value");
	dbops_json_writer_open(writer, "options", '{');
	for (int i = 0; i < lengthof(status_colors); i++)
	{
		dbops_json_writer_open(writer, status_colors[i][0], '{');
		dbops_json_writer_text(writer, "color", status_colors[i][1]);
		dbops_json_writer_number(writer, "index", i);
		dbops_json_writer_close(writer, '}');
	}
	dbops_json_writer_close(writer, '}');
	dbops_json_writer_close(writer, '}');
	dbops_json_writer_close(writer, ']');
}

/* ---- single columns ------------------------------------------------------------------------- */

static void
open_override(JsonWriter *writer, const char *matcher, const char *columns)
{
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_open(writer, "matcher", '{');
	dbops_json_writer_text(writer, "id", matcher);
	dbops_json_writer_text(writer, "options", columns);
	dbops_json_writer_close(writer, '}');
	dbops_json_writer_open(writer, "properties", '[');
}

static void
close_override(JsonWriter *writer)
{
	dbops_json_writer_close(writer, ']');
	dbops_json_writer_close(writer, '}');
}

static void
open_property(JsonWriter *writer, const char *id)
{
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "id", id);
}

static void
close_property(JsonWriter *writer)
{
	dbops_json_writer_close(writer, '}');
}

static void
write_column_units(JsonWriter *writer)
{
	for (int i = 0; i < lengthof(column_units); i++)
	{
		open_override(writer, "byRegexp", column_units[i][0]);
		open_property(writer, "unit");
		dbops_json_writer_text(writer, "value", column_units[i][1]);
		close_property(writer);
		close_override(writer);
	}
}

static void
write_cell_color(JsonWriter *writer, const char *type)
{
	open_property(writer, "custom.cellOptions");
	dbops_json_writer_open(writer, "value", '{');
	dbops_json_writer_text(writer, "type", type);
	dbops_json_writer_close(writer, '}');
	close_property(writer);
}

static void
write_status_column(JsonWriter *writer)
{
	open_override(writer, "byName", "status");
	open_property(writer, "mappings");
	write_mappings(writer, "value");
	close_property(writer);
	write_cell_color(writer, "color-background");
	close_override(writer);
}

static void
write_checked_column(JsonWriter *writer, const Panel *panel, const Thresholds *thresholds)
{
	open_override(writer, "byName", panel->checked);
	open_property(writer, "thresholds");
	write_thresholds(writer, "value", panel->check, thresholds);
	close_property(writer);
	write_cell_color(writer, "color-text");
	close_override(writer);
}

/* Keeps the time and the server that are looked at. */
static void
write_link(JsonWriter *writer, const PanelLink *link)
{
	open_override(writer, "byName", link->column);
	open_property(writer, "links");
	dbops_json_writer_open(writer, "value", '[');
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "title", link->title);
	dbops_json_writer_text(writer, "url",
	                       psprintf("/d/dbops-%s?var-%s=${__data.fields.%s}&${__url_time_range}"
	                                "&${datasource:queryparam}&${node:queryparam}",
	                                link->dashboard, link->variable, link->value));
	dbops_json_writer_close(writer, '}');
	dbops_json_writer_close(writer, ']');
	close_property(writer);
	close_override(writer);
}

/* ---- a panel -------------------------------------------------------------------------------- */

static void
write_defaults(JsonWriter *writer, const Panel *panel, const Thresholds *thresholds)
{
	const KindStyle *style = &styles[panel->kind];
	const char *unit = panel->checked == NULL ? find_unit(panel) : panel->unit;

	dbops_json_writer_open(writer, "defaults", '{');
	if (unit != NULL)
		dbops_json_writer_text(writer, "unit", unit);
	if (panel->kind == PANEL_GAUGE)
	{
		dbops_json_writer_number(writer, "min", 0);
		dbops_json_writer_number(writer, "max", 100);
	}
	if (panel->nothing != NULL)
		dbops_json_writer_text(writer, "noValue", panel->nothing);
	write_color(writer, "color", style->color);
	write_thresholds(writer, "thresholds", panel->checked == NULL ? panel->check : NULL,
	                 thresholds);
	if (panel->kind == PANEL_STAT)
		write_mappings(writer, "mappings");
	dbops_json_writer_open(writer, "custom", '{');
	dbops_json_writer_items(writer, style->custom);
	if (style->over_time && panel->check != NULL)
		dbops_json_writer_items(writer, limit_lines);
	dbops_json_writer_close(writer, '}');
	dbops_json_writer_close(writer, '}');
}

static void
write_fields(JsonWriter *writer, const Panel *panel, const Thresholds *thresholds)
{
	dbops_json_writer_open(writer, "fieldConfig", '{');
	write_defaults(writer, panel, thresholds);
	dbops_json_writer_open(writer, "overrides", '[');
	if (panel->unit == NULL && (panel->check == NULL || panel->checked != NULL))
		write_column_units(writer);
	if (panel->kind == PANEL_TABLE)
		write_status_column(writer);
	if (panel->checked != NULL)
		write_checked_column(writer, panel, thresholds);
	if (panel->link != NULL)
		write_link(writer, panel->link);
	dbops_json_writer_close(writer, ']');
	dbops_json_writer_close(writer, '}');
}

static void
write_query(JsonWriter *writer, const Panel *panel, int index, DashboardLanguage language)
{
	const PanelQuery *query = &panel->queries[index];
	const bool over_time = styles[panel->kind].over_time;

	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_text(writer, "refId", psprintf("%c", 'A' + index));
	dbops_dashboard_panel_source(writer, language);
	dbops_json_writer_text(writer, "format",
	                       panel->kind == PANEL_TABLE || (language == DASHBOARD_SQL && !over_time) ?
	                           "table" :
	                           "time_series");
	if (language == DASHBOARD_SQL)
	{
		dbops_json_writer_text(writer, "editorMode", "code");
		dbops_json_writer_boolean(writer, "rawQuery", true);
		dbops_json_writer_text(writer, "rawSql", query->text);
	}
	else
	{
		dbops_json_writer_text(writer, "expr", query->text);
		dbops_json_writer_boolean(writer, "instant", !over_time);
		dbops_json_writer_boolean(writer, "range", over_time);
		if (query->legend != NULL)
			dbops_json_writer_text(writer, "legendFormat", query->legend);
	}
	dbops_json_writer_close(writer, '}');
}

static void
write_content(JsonWriter *writer, const Panel *panel, DashboardLanguage language,
              const Thresholds *thresholds)
{
	dbops_json_writer_text(writer, "description", panel->about);
	dbops_dashboard_panel_source(writer, language);
	if (panel->interval != NULL)
		dbops_json_writer_text(writer, "interval", panel->interval);
	dbops_json_writer_open(writer, "targets", '[');
	for (int i = 0; i < PANEL_QUERIES && panel->queries[i].text != NULL; i++)
		write_query(writer, panel, i, language);
	dbops_json_writer_close(writer, ']');
	write_fields(writer, panel, thresholds);
	dbops_json_writer_open(writer, "options", '{');
	dbops_json_writer_items(writer, styles[panel->kind].options);
	dbops_json_writer_close(writer, '}');
}

static void
write_place(JsonWriter *writer, const Panel *panel, PanelPlace place)
{
	dbops_json_writer_open(writer, "gridPos", '{');
	dbops_json_writer_number(writer, "x", place.x);
	dbops_json_writer_number(writer, "y", place.y);
	dbops_json_writer_number(writer, "w", dbops_dashboard_panel_width(panel));
	dbops_json_writer_number(writer, "h", dbops_dashboard_panel_height(panel));
	dbops_json_writer_close(writer, '}');
}

void
dbops_dashboard_panel_write(JsonWriter *writer, const Panel *panel, const Dashboard *dashboard,
                            PanelPlace place, const Thresholds *thresholds)
{
	dbops_json_writer_open(writer, NULL, '{');
	dbops_json_writer_number(writer, "id", place.id);
	dbops_json_writer_text(writer, "type", styles[panel->kind].type);
	dbops_json_writer_text(writer, "title", panel->title);
	write_place(writer, panel, place);
	if (panel->kind == PANEL_ROW)
	{
		dbops_json_writer_boolean(writer, "collapsed", false);
		dbops_json_writer_open(writer, "panels", '[');
		dbops_json_writer_close(writer, ']');
	}
	else
		write_content(writer, panel, dashboard->language, thresholds);
	dbops_json_writer_close(writer, '}');
}
