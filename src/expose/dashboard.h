/*
 * expose/dashboard.h
 *		What is on a dashboard: panels as data, one `const` table a dashboard.
 *
 * A file of its own because the tables (dashboard_*.c) know nothing of Grafana's JSON, and what
 * renders them (dashboard.c, dashboard_panel.c) nothing of what they show.  A panel is one entry:
 * what it is called, what it says in plain words, how it is drawn, and its query.
 *
 * Queries are written with Grafana's macros and variables, so that it is the foreign tables that
 * filter by time, step, node and label.
 */
#pragma once

#include "core/json_writer.h"

#define PANEL_QUERIES 4
#define DASHBOARD_VARIABLES 5

typedef enum PanelKind
{
	PANEL_ROW,   /* a heading over the panels that follow */
	PANEL_STAT,  /* values of now, large */
	PANEL_GAUGE, /* values between 0 and 100 */
	PANEL_LINES, /* over time */
	PANEL_STACK, /* over time, on top of each other */
	PANEL_BARS,  /* counts over time, on top of each other */
	PANEL_TABLE,
} PanelKind;

typedef struct PanelQuery
{
	const char *text;   /* SQL or PromQL, as the dashboard's language is */
	const char *legend; /* PromQL: the name of a series */
} PanelQuery;

/* From a cell of a table to the dashboard about what stands in its row. */
typedef struct PanelLink
{
	const char *column; /* that is clicked */
	const char *title;
	const char *dashboard;
	const char *variable;
	const char *value; /* the column that holds it */
} PanelLink;

typedef struct Panel
{
	const char *title;
	const char *about; /* plain words, for who points at the title */
	PanelKind kind;
	const char
	    *unit; /* of Grafana; NULL: that of the check, or each column of a table has its own */
	const char *check;    /* whose limits give the colours; NULL: none */
	const char *checked;  /* the column of a table that these limits are for */
	const char *nothing;  /* what it means that there are no rows */
	const char *interval; /* the shortest step that makes sense; NULL: dbops' own */
	int width;            /* of 24; 0: as usual for its kind */
	int height;
	const PanelLink *link;
	PanelQuery queries[PANEL_QUERIES];
} Panel;

typedef struct DashboardVariable
{
	const char *name;
	const char *label;
	const char *about;
	const char *query;
	const char
	    *all; /* what stands for all of them, as the query has it; NULL: exactly one is chosen */
} DashboardVariable;

typedef enum DashboardLanguage
{
	DASHBOARD_SQL,
	DASHBOARD_PROMQL,
} DashboardLanguage;

typedef struct Dashboard
{
	const char *name; /* its uid is dbops-<name> */
	const char *title;
	const char *answers; /* the questions */
	DashboardLanguage language;
	const DashboardVariable *variables[DASHBOARD_VARIABLES];
	const Panel *panels;
	int npanels;
} Dashboard;

/* All there are, the one to begin with first. */
extern int dbops_dashboard_count(void);
extern const Dashboard *dbops_dashboard_at(int index);
extern const Dashboard *dbops_dashboard_by_name(const char *name); /* NULL if unknown */

/* As JSON to be provisioned, with the limits in force; in the current context.  Needs SQL. */
extern StringInfoData dbops_dashboard_render(const Dashboard *dashboard);
