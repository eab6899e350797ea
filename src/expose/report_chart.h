/*
 * expose/report_chart.h
 *		Rows of a report as charts, and as tiles with a figure and a small line each.
 */
#pragma once

#include "lib/stringinfo.h"

#include "core/spi.h"
#include "expose/report_section.h"
#include "expose/report_time.h"

/*
 * `before` are the rows of the time compared with, or NULL.  False if there was nothing to draw.
 * How many values a series has tells its step.
 */
extern bool dbops_report_chart_draw(StringInfo page, const ReportPart *part, const ReportTime *time,
                                    const SpiRows *rows, const SpiRows *before);
extern bool
dbops_report_chart_tiles(StringInfo page, const ReportPart *part, const ReportTime *time,
                         const SpiRows *rows, const SpiRows *before);

/* The charts of a table, if it has any. */
extern void dbops_report_chart_of_table(StringInfo page, const ReportPart *part,
                                        const ReportTime *time, const SpiRows *rows);
