/*
 * expose/report_table.h
 *		Rows of a report as a table, beside those of another time if there is one.
 */
#pragma once

#include "lib/stringinfo.h"

#include "core/spi.h"
#include "expose/report_section.h"

/*
 * `before` are the rows of the time compared with, in any order, or NULL: a cell then says what it
 * was, and whether that is worse or better.
 */
extern void dbops_report_table_draw(StringInfo page, const ReportPart *part, const SpiRows *rows,
                                    const SpiRows *before);

/*
 * What a value was before, as better or worse, if it differs by a tenth at least.  Nothing is
 * appended while one of them is unknown.
 */
extern void
dbops_report_table_compare(StringInfo page, const ReportColumn *column, double value, double was);
