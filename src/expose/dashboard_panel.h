/*
 * expose/dashboard_panel.h
 *		A panel of a dashboard as Grafana's JSON.
 *
 * A file of its own because how each kind of panel is drawn is the larger half of a dashboard.
 */
#pragma once

#include "expose/dashboard.h"
#include "judge/thresholds.h"

/* Where a panel stands: Grafana's grid has 24 columns. */
typedef struct PanelPlace
{
	int id;
	int x;
	int y;
} PanelPlace;

#define GRID_WIDTH 24

extern int dbops_dashboard_panel_width(const Panel *panel);
extern int dbops_dashboard_panel_height(const Panel *panel);

extern void
dbops_dashboard_panel_write(JsonWriter *writer, const Panel *panel, const Dashboard *dashboard,
                            PanelPlace place, const Thresholds *thresholds);

/* The datasource that the reader of the dashboard has chosen. */
extern void dbops_dashboard_panel_source(JsonWriter *writer, DashboardLanguage language);

/* Its type, as Grafana has it, and the name of the variable that chooses it. */
extern const char *dbops_dashboard_panel_source_type(DashboardLanguage language);
extern const char *dbops_dashboard_panel_source_variable(DashboardLanguage language);
