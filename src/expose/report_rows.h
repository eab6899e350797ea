/*
 * expose/report_rows.h
 *		The rows of a report's part, asked for by its query, and their cells.
 *
 * A file of its own because tables, tiles and charts read rows alike.
 */
#pragma once

#include "core/spi.h"
#include "expose/report_section.h"
#include "expose/report_time.h"

/* `limit` 0: all. */
extern SpiRows *dbops_report_rows_ask(const ReportPart *part, const ReportTime *time, int limit);

/* Cells; in UTF-8, NULL is NULL. */
extern char *dbops_report_rows_text(const SpiRows *rows, uint64 row, int column);

/* NULL is NaN. */
extern double dbops_report_rows_number(const SpiRows *rows, uint64 row, int column);

/* NULL is 0. */
extern TimestampTz dbops_report_rows_time(const SpiRows *rows, uint64 row, int column);

/* Always of `count` values: those of the array, and NaN beyond. */
extern double *dbops_report_rows_series(const SpiRows *rows, uint64 row, int column, int count);

/* The length of the array, 0 for NULL. */
extern int dbops_report_rows_length(const SpiRows *rows, uint64 row, int column);
