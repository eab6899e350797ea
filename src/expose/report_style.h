/*
 * expose/report_style.h
 *		How a report looks: on a screen, light or dark, wide or narrow, and on paper.
 */
#pragma once

extern const char dbops_report_style[];
