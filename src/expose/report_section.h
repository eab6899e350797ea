/*
 * expose/report_section.h
 *		What a report is made of: sections of parts, each a query and how its rows are shown.
 *
 * A file of its own because the sections are tables, in files by topic, and those who draw them
 * know none of them.  A query has the parameters $1 and $2, the beginning and end of the time; $3,
 * the step of charts; $4, a coarser one for what would have too many rows; $5, how many rows at
 * most. The beginning is a multiple of both steps.  Rows come worst first.
 */
#pragma once

/* The condition of a history on the time and the server, in a query. */
#define REPORT_TIME "at >= $1 AND at < $2 AND node = dbops.node_name()"

/* States of sessions that do what somebody asked for, in the history of waits. */
#define REPORT_ACTIVE "'active', 'blocked', 'fastpath function call'"

typedef enum CellFormat
{
	CELL_TEXT,      /* text */
	CELL_STATUS,    /* text: ok, warning, critical, unknown */
	CELL_TIME,      /* timestamptz */
	CELL_FIGURE,    /* float8, in the column's unit */
	CELL_SHARE,     /* float8, percent, with a bar */
	CELL_SERIES,    /* float8[] */
	CELL_STATEMENT, /* text of a statement, below its row */
	CELL_NOTE,      /* text below its row */
	CELL_PASTE,     /* SQL to paste, below its row */
	CELL_LABEL,     /* text, what the row is called in a chart; not shown */
	CELL_KEY, /* text by which a row is found again in another time; not shown, always first */
} CellFormat;

/* Whether more of it is worse, for what is compared. */
typedef enum Worse
{
	WORSE_NEITHER, /* not compared */
	WORSE_HIGH,
	WORSE_LOW,
	WORSE_UNKNOWN, /* compared, and neither worse nor better */
} Worse;

typedef struct ReportColumn
{
	const char *title;
	CellFormat format;
	const char *unit; /* of CELL_FIGURE, see expose/figure.h */
	Worse worse;
	const char *help; /* a tooltip of the title */
} ReportColumn;

typedef enum PartKind
{
	PART_TABLE,   /* the columns below */
	PART_TILES,   /* name, unit, bad (high, low or empty), series */
	PART_LINES,   /* chart, unit, name, series: rows of one chart follow each other */
	PART_STACKED, /* the same, on top of each other */
} PartKind;

/*
 * A chart of what a table's rows have in columns: of the first rows, and of the others of the table
 * together.
 */
typedef struct PartChart
{
	const char *title; /* NULL: none */
	const char *unit;
	bool stacked; /* else lines, of the first rows alone */
	int label;    /* number of the column that names a row */
	int series;
} PartChart;

#define PART_CHARTS 2

/* A figure of the tiles that is drawn large, too; those of one chart follow each other. */
typedef struct TileCurve
{
	const char *title; /* of the chart; NULL ends a list */
	const char *figure;
} TileCurve;

typedef struct ReportPart
{
	const char *title; /* NULL: none */
	const char *lead;  /* a sentence or two, or NULL */
	PartKind kind;
	const char *query;
	const ReportColumn *columns; /* of a table; the last has no title */
	PartChart charts[PART_CHARTS];
	const TileCurve *curves; /* of tiles */
	const char *empty;       /* said where there are no rows */
	const char *next;        /* SQL to look further with, or NULL */
	int limit;
	bool fixed; /* of the present, whatever the time asked for: not compared */
} ReportPart;

typedef struct ReportSection
{
	const char *anchor;
	const char *title;
	const ReportPart *parts; /* the last has no query */
} ReportSection;

extern const ReportPart dbops_report_overview[];
extern const ReportPart dbops_report_health[];
extern const ReportPart dbops_report_changes[];
extern const ReportPart dbops_report_statements[];
extern const ReportPart dbops_report_waits[];
extern const ReportPart dbops_report_errors[];
extern const ReportPart dbops_report_tables[];
extern const ReportPart dbops_report_advice[];
extern const ReportPart dbops_report_replication[];
extern const ReportPart dbops_report_recovery[];
extern const ReportPart dbops_report_capacity[];
extern const ReportPart dbops_report_settings[];
