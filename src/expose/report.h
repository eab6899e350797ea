/*
 * expose/report.h
 *		The report: one page of HTML that needs nothing else, neither network nor script.
 */
#pragma once

#include "lib/stringinfo.h"

#include "expose/report_time.h"

/*
 * The page, in the current context, in nothing but ASCII.  `before` is the time to compare with, or
 * NULL.  Reads only, also on a standby.  What cannot be read is said in its place; a cancel is
 * thrown.
 */
extern StringInfoData dbops_report_write(const ReportTime *time, const ReportTime *before);
