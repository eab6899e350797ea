/*
 * expose/dashboards.h
 *		The dashboards, one for each file dashboard_*.c, and what their queries have in common.
 */
#pragma once

#include "expose/dashboard.h"

extern const Dashboard dbops_dashboard_overview;
extern const Dashboard dbops_dashboard_queries;
extern const Dashboard dbops_dashboard_statement;
extern const Dashboard dbops_dashboard_waits;
extern const Dashboard dbops_dashboard_system;
extern const Dashboard dbops_dashboard_tables;
extern const Dashboard dbops_dashboard_replication;
extern const Dashboard dbops_dashboard_recovery;
extern const Dashboard dbops_dashboard_advice;
extern const Dashboard dbops_dashboard_prometheus;

extern const DashboardVariable dbops_dashboard_node;
extern const DashboardVariable dbops_dashboard_database;

extern const PanelLink dbops_dashboard_to_statement;
extern const PanelLink dbops_dashboard_to_table;

#define DASHBOARD_PANELS(list) .panels = (list), .npanels = lengthof(list)

/* Conditions that are pushed down.  'All' is a number that no object has: the rest is constant. */
#define ON_NODE "node = ${node:sqlstring}"
#define WITHIN "$__timeFilter(at) AND step = '$__interval' AND " ON_NODE
#define OF_DATABASE "('0' IN (${database:sqlstring}) OR datid IN (${database:sqlstring}))"
#define OF_TABLE "('0' IN (${object:sqlstring}) OR relid IN (${object:sqlstring}))"

/* The same with steps no finer than a chart of that time shows, for families with many entities. */
#define COARSE "$__timeFilter(at) AND " COARSE_STEP " AND " ON_NODE
#define COARSE_STEP                                          \
	"step = dbops._chart_step($__timeFrom(), $__timeTo(),\n" \
	"           '$__interval')"

/* All statements together, and those that take most time. */
#define STATEMENT_TOTALS                                                   \
	"dbops._statement_totals($__timeFrom(), $__timeTo(), '$__interval',\n" \
	"           ${node:sqlstring}, ARRAY[${database:sqlstring}])"
#define BUSY                                                      \
	"queryid = ANY ((SELECT dbops._busy_statements(\n"            \
	"           $__timeFrom(), $__timeTo(), ${node:sqlstring},\n" \
	"           ARRAY[${database:sqlstring}], "
#define BUSY_50 BUSY "50))::bigint[])"
#define BUSY_8 BUSY "8))::bigint[])"

/* The cadence of families that are sampled every dbops.wide_interval. */
#define WIDE "1m"

/* After a count of a whole step. */
#define A_SECOND " / extract(epoch FROM step)"
#define A_MINUTE " * 60 / extract(epoch FROM step)"

/* Queries that the overview has as well as the dashboard that is about them. */
#define SESSIONS_BY_WAIT                                                   \
	"SELECT at AS time, COALESCE(wait_event_type, 'CPU') AS metric,\n"     \
	"       sum(session_seconds) / extract(epoch FROM step) AS sessions\n" \
	"  FROM dbops.wait_history\n"                                          \
	" WHERE " WITHIN " AND " OF_DATABASE " AND state = 'active'\n"         \
	" GROUP BY 1, 2, step\n"                                               \
	" ORDER BY 1"
#define ERRORS_BY_SQLSTATE                      \
	"SELECT at AS time, sqlstate AS metric,\n"  \
	"       sum(count)" A_MINUTE " AS errors\n" \
	"  FROM dbops.error_history\n"              \
	" WHERE " WITHIN " AND " OF_DATABASE "\n"   \
	" GROUP BY 1, 2, step\n"                    \
	" ORDER BY 1"
