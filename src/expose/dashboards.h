/*
 * expose/dashboards.h
 *		The dashboards, one for each file dashboard_*.c, and what their queries have in common.
 */
#pragma once

#include "expose/dashboard.h"

extern const Dashboard dbops_dashboard_overview;

extern const DashboardVariable dbops_dashboard_node;
extern const DashboardVariable dbops_dashboard_database;

extern const PanelLink dbops_dashboard_to_statement;
extern const PanelLink dbops_dashboard_to_table;

#define DASHBOARD_PANELS(list) .panels = (list), .npanels = lengthof(list)

/* Conditions that are pushed down.  'All' is a number that no object has: the rest is constant. */
#define WITHIN "$__timeFilter(at) AND step = '$__interval' AND node = ${node:sqlstring}"
#define OF_DATABASE "('0' IN (${database:sqlstring}) OR datid IN (${database:sqlstring}))"
#define OF_TABLE "('0' IN (${object:sqlstring}) OR relid IN (${object:sqlstring}))"
#define OF_STATEMENT "queryid = ${statement:sqlstring}"

/* The cadence of families that are sampled every dbops.wide_interval. */
#define WIDE "1m"

/* A count of a whole step, by the minute. */
#define PER_MINUTE(sum) "60 * (" sum ") / extract(epoch FROM step)"
