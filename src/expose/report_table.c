/*
 * expose/report_table.c
 *		Rows of a report as a table; see report_table.h.
 *
 * A row is a <tbody>: its cells, and below them over the whole width what is long, as statements
 * and SQL to paste.  So a table is as narrow as its numbers, on a telephone and on paper.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/hsearch.h"

#include "expose/figure.h"
#include "expose/html.h"
#include "expose/report_rows.h"
#include "expose/report_table.h"
#include "expose/svg_chart.h"

/* Letters of a statement that are shown at once, and at all. */
#define STATEMENT_SHOWN 240
#define STATEMENT_KEPT 3000

/* A difference below this share is none. */
#define DIFFERENCE 0.1

/* Where the rows of the time before are, by key. */
typedef struct BeforeEntry
{
	char key[NAMEDATALEN * 4];
	uint64 row;
} BeforeEntry;

typedef struct Before
{
	const SpiRows *rows;
	HTAB *entries;
} Before;

static bool
is_below(const ReportColumn *column)
{
	return column->format == CELL_STATEMENT || column->format == CELL_NOTE ||
	       column->format == CELL_PASTE;
}

static bool
is_hidden(const ReportColumn *column)
{
	return column->format == CELL_KEY || column->format == CELL_LABEL;
}

static bool
is_number(const ReportColumn *column)
{
	return column->format == CELL_FIGURE || column->format == CELL_SHARE;
}

static int
count_columns(const ReportPart *part)
{
	int count = 0;

	for (const ReportColumn *column = part->columns; column->title != NULL; column++)
		count += !is_hidden(column) && !is_below(column);
	return count;
}

/* ---- the other time ------------------------------------------------------------------------ */

static bool
has_key(const ReportPart *part)
{
	return part->columns[0].format == CELL_KEY;
}

static void
index_before(Before *before, const ReportPart *part, const SpiRows *rows)
{
	HASHCTL control = {.keysize = sizeof(((BeforeEntry *) NULL)->key),
	                   .entrysize = sizeof(BeforeEntry),
	                   .hcxt = CurrentMemoryContext};

	*before = (Before){.rows = rows};
	if (rows == NULL || !has_key(part))
		return;
	before->entries = hash_create("rows of the time before", 256, &control,
	                              HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		char *key = dbops_report_rows_text(rows, row, 0);
		BeforeEntry *entry;

		if (key == NULL)
			continue;
		entry = hash_search(before->entries, key, HASH_ENTER, NULL);
		entry->row = row;
	}
}

static const BeforeEntry *
find_before(const Before *before, const SpiRows *rows, uint64 row)
{
	char *key = before->entries == NULL ? NULL : dbops_report_rows_text(rows, row, 0);

	return key == NULL ? NULL : hash_search(before->entries, key, HASH_FIND, NULL);
}

void
dbops_report_table_compare(StringInfo page, const ReportColumn *column, double value, double was)
{
	double least = Max(fabs(was), fabs(value)) * DIFFERENCE;
	const char *class = "same";
	const char *sign = "";

	if (column->worse == WORSE_NEITHER || isnan(was) || isnan(value))
		return;
	if (fabs(value - was) > least)
	{
		bool rose = value > was;

		sign = rose ? "&#9650; " : "&#9660; ";
		if (column->worse != WORSE_UNKNOWN)
			class = rose == (column->worse == WORSE_HIGH) ? "worse" : "better";
	}
	appendStringInfo(page, "<small class=\"%s\">%swas ", class, sign);
	dbops_html_text(page, column->format == CELL_SHARE ? psprintf("%.1f %%", was) :
	                                                     dbops_figure(was, column->unit));
	appendStringInfoString(page, "</small>");
}

/* ---- cells --------------------------------------------------------------------------------- */

static void
draw_status(StringInfo page, const char *status)
{
	/* The class comes from here, not from what was read. */
	static const char *const known[] = {"ok", "warning", "critical", "unknown"};

	for (int i = 0; i < lengthof(known); i++)
	{
		if (status == NULL || strcmp(status, known[i]) != 0)
			continue;
		appendStringInfo(page, "<b class=\"%s\">%s</b>", known[i], known[i]);
		return;
	}
	dbops_html_text(page, status == NULL ? "" : status);
}

static void
draw_number(StringInfo page, const ReportColumn *column, double value)
{
	if (isnan(value) || (value == 0 && column->format == CELL_FIGURE))
		appendStringInfo(page, "<span class=\"none\">%s</span>", isnan(value) ? "&#8211;" : "0");
	else if (column->format == CELL_SHARE)
		appendStringInfo(page, "<span class=\"bar\" style=\"--share:%.0f%%\">%.1f %%</span>",
		                 Min(Max(value, 0), 100), value);
	else
		dbops_html_text(page, dbops_figure(value, column->unit));
}

/* One cell: a row's, of a column. */
typedef struct Cell
{
	const ReportColumn *column;
	const SpiRows *rows;
	uint64 row;
	int number; /* of the column in the rows */
} Cell;

static void
draw_text(StringInfo page, const Cell *cell)
{
	char *words = dbops_report_rows_text(cell->rows, cell->row, cell->number);

	if (cell->column->format == CELL_STATUS)
		draw_status(page, words);
	else
		dbops_html_text(page, words == NULL ? "" : words);
}

static void
draw_series(StringInfo page, const Cell *cell)
{
	int count = dbops_report_rows_length(cell->rows, cell->row, cell->number);

	dbops_svg_chart_spark(
	    page, dbops_report_rows_series(cell->rows, cell->row, cell->number, count), count);
}

static void
draw_cell(StringInfo page, const Cell *cell, const Before *before, const BeforeEntry *found)
{
	double value;

	switch (cell->column->format)
	{
		case CELL_TIME:
		{
			TimestampTz at = dbops_report_rows_time(cell->rows, cell->row, cell->number);

			dbops_html_text(page, at == 0 ? "" : dbops_report_time_text(at));
			return;
		}
		case CELL_FIGURE:
		case CELL_SHARE:
			value = dbops_report_rows_number(cell->rows, cell->row, cell->number);
			draw_number(page, cell->column, value);
			if (found != NULL)
				dbops_report_table_compare(
				    page, cell->column, value,
				    dbops_report_rows_number(before->rows, found->row, cell->number));
			return;
		case CELL_SERIES:
			draw_series(page, cell);
			return;
		default:
			draw_text(page, cell);
			return;
	}
}

/* A statement at full length is there for who opens it. */
static void
draw_statement(StringInfo page, const char *words)
{
	bool is_long = strlen(words) > STATEMENT_SHOWN;

	appendStringInfoString(page, is_long ? "<details><summary><code>" : "<code>");
	dbops_html_clipped(page, words, STATEMENT_SHOWN);
	appendStringInfoString(page, "</code>");
	if (!is_long)
		return;
	appendStringInfoString(page, "</summary><pre>");
	dbops_html_clipped(page, words, STATEMENT_KEPT);
	appendStringInfoString(page, "</pre></details>");
}

static void
draw_below(StringInfo page, const Cell *cell, int columns)
{
	char *words = dbops_report_rows_text(cell->rows, cell->row, cell->number);

	if (words == NULL || *words == '\0')
		return;
	appendStringInfo(page, "<tr class=\"below\"><td colspan=\"%d\">", columns);
	if (cell->column->format == CELL_STATEMENT)
		draw_statement(page, words);
	else
	{
		bool paste = cell->column->format == CELL_PASTE;

		appendStringInfoString(page, paste ? "<code class=\"paste\">" : "<i>");
		if (!paste)
		{
			dbops_html_text(page, cell->column->title);
			appendStringInfoString(page, "</i>");
		}
		dbops_html_text(page, words);
		appendStringInfoString(page, paste ? "</code>" : "");
	}
	appendStringInfoString(page, "</td></tr>");
}

static void
draw_row(StringInfo page, const ReportPart *part, Cell cell, const Before *before)
{
	const BeforeEntry *found = find_before(before, cell.rows, cell.row);
	int columns = count_columns(part);
	bool first_drawn = false;

	appendStringInfoString(page, "<tbody><tr>");
	cell.number = 0;
	for (cell.column = part->columns; cell.column->title != NULL; cell.column++, cell.number++)
	{
		if (is_hidden(cell.column) || is_below(cell.column))
			continue;
		appendStringInfoString(page, is_number(cell.column) ? "<td class=\"n\">" : "<td>");
		draw_cell(page, &cell, before, found);
		if (!first_drawn && before->entries != NULL && found == NULL)
			appendStringInfoString(page, "<small class=\"new\">hardly before</small>");
		first_drawn = true;
		appendStringInfoString(page, "</td>");
	}
	appendStringInfoString(page, "</tr>");
	cell.number = 0;
	for (cell.column = part->columns; cell.column->title != NULL; cell.column++, cell.number++)
	{
		if (is_below(cell.column))
			draw_below(page, &cell, columns);
	}
	appendStringInfoString(page, "</tbody>\n");
}

static void
draw_head(StringInfo page, const ReportPart *part)
{
	appendStringInfoString(page, "<thead><tr>");
	for (const ReportColumn *column = part->columns; column->title != NULL; column++)
	{
		if (is_hidden(column) || is_below(column))
			continue;
		appendStringInfo(page, "<th scope=\"col\"%s", is_number(column) ? " class=\"n\"" : "");
		if (column->help != NULL)
		{
			appendStringInfoString(page, " title=\"");
			dbops_html_text(page, column->help);
			appendStringInfoChar(page, '"');
		}
		appendStringInfoChar(page, '>');
		dbops_html_text(page, column->title);
		appendStringInfoString(page, "</th>");
	}
	appendStringInfoString(page, "</tr></thead>\n");
}

void
dbops_report_table_draw(StringInfo page, const ReportPart *part, const SpiRows *rows,
                        const SpiRows *was)
{
	Before before;

	index_before(&before, part, was);
	appendStringInfoString(page, "<div class=\"wide\"><table>");
	draw_head(page, part);
	for (uint64 row = 0; row < rows->nrows; row++)
		draw_row(page, part, (Cell){.rows = rows, .row = row}, &before);
	appendStringInfoString(page, "</table></div>\n");
}
