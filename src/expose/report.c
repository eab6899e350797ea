/*
 * expose/report.c
 *		The report; see report.h.
 *
 * Each part is a task of its own in a subtransaction: one that fails leaves its message in its
 * place, and all others are there.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/encoding.h"
#include "core/tx.h"
#include "expose/html.h"
#include "expose/report.h"
#include "expose/report_chart.h"
#include "expose/report_rows.h"
#include "expose/report_style.h"
#include "expose/report_table.h"
#include "store/node.h"

static const ReportSection sections[] = {
    {"overview", "At a glance", dbops_report_overview},
    {"health", "Health", dbops_report_health},
    {"changes", "What changed", dbops_report_changes},
    {"statements", "Statements", dbops_report_statements},
    {"waits", "Waits", dbops_report_waits},
    {"errors", "Errors", dbops_report_errors},
    {"tables", "Tables and indexes", dbops_report_tables},
    {"advice", "Advice", dbops_report_advice},
    {"replication", "Replication", dbops_report_replication},
    {"recovery", "Recovery", dbops_report_recovery},
    {"capacity", "Capacity", dbops_report_capacity},
    {"settings", "Settings", dbops_report_settings},
};

/*
 * How many times as many rows are read of the time compared with: what is among the first in one
 * need not be so in the other.
 */
#define DEEPER 5

/* A report in the making. */
typedef struct Report
{
	StringInfo page;
	const ReportTime *time;
	const ReportTime *before; /* or NULL */
	bool known;               /* whether anything is known of the time */
	const ReportPart *part;   /* that is being written */
} Report;

/* What the history knows of a time; a row. */
static const char extent_query[] =
    "SELECT h.first_at, h.seconds, "
    "       CASE WHEN h.first_at IS NULL "
    "            THEN (SELECT min(o.at) FROM dbops.server_history AS o "
    "                   WHERE o.node = dbops.node_name() AND o.step = interval '1 hour') END, "
    "       current_setting('server_version'), "
    "       pg_is_in_recovery(), "
    "       current_setting('cluster_name') "
    "  FROM (SELECT min(s.at) AS first_at, sum(EXTRACT(epoch FROM s.covers))::float8 AS seconds "
    "          FROM dbops.server_history AS s "
    "         WHERE s.node = dbops.node_name() AND s.at >= $1 AND s.at < $2 AND s.step = $3) AS h";

enum
{
	EXTENT_FIRST,
	EXTENT_SECONDS,
	EXTENT_BEGINS,
	EXTENT_VERSION,
	EXTENT_STANDBY,
	EXTENT_CLUSTER,
};

static void
append(Report *report, const char *words)
{
	dbops_html_text(report->page, words);
}

static void
append_raw(Report *report, const char *markup)
{
	appendStringInfoString(report->page, markup);
}

/* ---- parts --------------------------------------------------------------------------------- */

static bool
draw_part(Report *report, const SpiRows *rows, const SpiRows *before)
{
	switch (report->part->kind)
	{
		case PART_TILES:
			return dbops_report_chart_tiles(report->page, report->part, report->time, rows, before);
		case PART_LINES:
		case PART_STACKED:
			return dbops_report_chart_draw(report->page, report->part, report->time, rows, before);
		default:
			if (rows->nrows == 0)
				return false;
			dbops_report_chart_of_table(report->page, report->part, report->time, rows);
			dbops_report_table_draw(report->page, report->part, rows, before);
			return true;
	}
}

/* Whether the rows of another time can be set beside those of this. */
static bool
is_comparable(const ReportPart *part)
{
	return !part->fixed && (part->kind != PART_TABLE || part->columns[0].format == CELL_KEY);
}

static void
write_rows(void *arg)
{
	Report *report = arg;
	const ReportPart *part = report->part;
	int from = report->page->len;
	const SpiRows *rows;
	const SpiRows *before = NULL;

	rows = dbops_report_rows_ask(part, report->time, part->limit);
	if (report->before != NULL && is_comparable(part))
		before = dbops_report_rows_ask(part, report->before, part->limit * DEEPER);
	if (draw_part(report, rows, before))
	{
		if (part->next == NULL)
			return;
		append_raw(report, "<p class=\"next\">Further: <code class=\"paste\">");
		append(report, part->next);
		append_raw(report, "</code></p>\n");
		return;
	}
	report->page->len = from;
	append_raw(report, "<p class=\"empty\">");
	append(report, part->empty);
	append_raw(report, "</p>\n");
}

static void
write_part(Report *report)
{
	const ReportPart *part = report->part;
	TaskError error = {0};
	int from;

	if (part->title != NULL)
	{
		append_raw(report, "<h3>");
		append(report, part->title);
		append_raw(report, "</h3>\n");
	}
	if (part->lead != NULL)
	{
		append_raw(report, "<p class=\"lead\">");
		append(report, part->lead);
		append_raw(report, "</p>\n");
	}
	if (!report->known && !part->fixed)
	{
		append_raw(report, "<p class=\"empty\">There is no history of this time.</p>\n");
		return;
	}
	from = report->page->len;
	if (dbops_tx_try(write_rows, report, TX_ANY_ERROR, &error))
		return;
	report->page->len = from;
	append_raw(report, "<p class=\"failed\">This could not be read: ");
	append(report, dbops_encoding_utf8(error.message));
	append_raw(report, "</p>\n");
}

static void
write_section(Report *report, const ReportSection *section)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "section of a report", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	appendStringInfo(report->page, "<section id=\"%s\"><h2><a href=\"#%s\">%s</a></h2>\n",
	                 section->anchor, section->anchor, section->title);
	for (report->part = section->parts; report->part->query != NULL; report->part++)
		write_part(report);
	append_raw(report, "</section>\n");
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* ---- the frame ----------------------------------------------------------------------------- */

static void
write_period(Report *report, const ReportTime *time)
{
	append(report, dbops_report_time_minute(time->since));
	append_raw(report, " &#8211; ");
	append(report, dbops_report_time_minute(time->until));
}

static void
write_head(Report *report, const char *node)
{
	append_raw(report, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
	                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	                   "style-src 'unsafe-inline'; img-src data:\"/>\n"
	                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	                   "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	                   "<link rel=\"icon\" href=\"data:,\"/>\n<title>");
	append(report, node);
	append_raw(report, ", ");
	write_period(report, report->time);
	append_raw(report, "</title>\n<style>\n");
	append_raw(report, dbops_report_style);
	append_raw(report, "</style></head>\n<body>\n");
}

static void
write_contents(Report *report)
{
	append_raw(report, "<nav aria-label=\"Contents\">");
	for (int i = 0; i < lengthof(sections); i++)
		appendStringInfo(report->page, "<a href=\"#%s\">%s</a>", sections[i].anchor,
		                 sections[i].title);
	append_raw(report, "</nav>\n");
}

/* Whether the whole of the time is known, which nobody should have to guess from charts. */
static void
write_known(Report *report, const SpiRows *extent)
{
	TimestampTz begins = dbops_report_rows_time(extent, 0, EXTENT_BEGINS);
	TimestampTz first = dbops_report_rows_time(extent, 0, EXTENT_FIRST);
	double seconds = dbops_report_rows_number(extent, 0, EXTENT_SECONDS);
	double wanted = (report->time->until - report->time->since) / (double) USECS_PER_SEC;

	if (!report->known)
	{
		append_raw(report, "<p class=\"failed\">There is no history of this time");
		if (begins != 0)
		{
			append_raw(report, ": that of this server begins at ");
			append(report, dbops_report_time_minute(begins));
		}
		append_raw(report, ". What follows is of the present.</p>\n");
	}
	else if (seconds < 0.95 * wanted)
	{
		appendStringInfo(report->page, "<p class=\"failed\">Only %.0f %% of this time is known",
		                 100 * seconds / wanted);
		if (first - report->time->since > (report->time->until - report->time->since) / 20)
		{
			append_raw(report, ", the first of it at ");
			append(report, dbops_report_time_minute(first));
		}
		append_raw(report, ". What is not known is a gap in charts, and counts for nothing in "
		                   "sums. <code class=\"paste\">SELECT * FROM dbops.gaps;</code></p>\n");
	}
}

static void
write_header(Report *report, const char *node, const SpiRows *extent)
{
	char *cluster = dbops_report_rows_text(extent, 0, EXTENT_CLUSTER);
	bool isnull;

	append_raw(report, "<header><h1>");
	append(report, cluster != NULL && *cluster != '\0' ? cluster : node);
	append_raw(report, "</h1><p><b>");
	write_period(report, report->time);
	append_raw(report, "</b>");
	if (report->before != NULL)
	{
		append_raw(report, " compared with <b>");
		write_period(report, report->before);
		append_raw(report, "</b>");
	}
	append_raw(report, "</p><p class=\"lead\">Node ");
	append(report, node);
	append_raw(report, DatumGetBool(dbops_spi_cell(extent, 0, EXTENT_STANDBY, &isnull)) ?
	                       ", a standby" :
	                       ", a primary");
	append_raw(report, ", PostgreSQL ");
	append(report, dbops_report_rows_text(extent, 0, EXTENT_VERSION));
	append_raw(report, ". Times are in ");
	append(report, pg_get_timezone_name(session_timezone));
	append_raw(report, ". Written at ");
	append(report, dbops_report_time_text(dbops_clock_now()));
	append_raw(report, " by dbops " DBOPS_VERSION ".</p>\n");
	if (report->before != NULL)
		append_raw(report, "<p class=\"lead\">Below a figure is what it was; <small "
		                   "class=\"worse key\">&#9650; bold</small> is worse by a tenth or more, "
		                   "<small class=\"better key\">&#9660; green</small> better.</p>\n");
	write_known(report, extent);
	append_raw(report, "</header>\n");
}

StringInfoData
dbops_report_write(const ReportTime *time, const ReportTime *before)
{
	static const ReportPart extent_part = {.query = extent_query};
	const SpiRows *extent = dbops_report_rows_ask(&extent_part, time, 0);
	char *node = dbops_encoding_utf8(pstrdup(dbops_node_name()));
	StringInfoData page;
	Report report = {.page = &page,
	                 .time = time,
	                 .before = before,
	                 .known = dbops_report_rows_time(extent, 0, EXTENT_FIRST) != 0};

	initStringInfo(&page);
	write_head(&report, node);
	write_header(&report, node, extent);
	write_contents(&report);
	append_raw(&report, "<main>\n");
	for (int i = 0; i < lengthof(sections); i++)
		write_section(&report, &sections[i]);
	append_raw(&report, "</main>\n</body></html>\n");
	return page;
}
