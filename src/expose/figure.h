/*
 * expose/figure.h
 *		Numbers of a page: as judge/amount.h forms them, and counts that may be large.
 *
 * A file of its own because a chart's axis and a table's cell must say the same number alike.
 */
#pragma once

/*
 * In the current context.  `unit` is one of judge/amount.h; "count", or nothing but a time ("/s"), is
 * a number of things, from ten thousand on in k, M, G.
 */
extern char *dbops_figure(double value, const char *unit);
