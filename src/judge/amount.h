/*
 * judge/amount.h
 *		Numbers as people read them: 1.5 GB, 3 min 20 s, 91 %.
 */
#pragma once

/*
 * In the current context.  `unit` is one of store/family.h, or such a one per time ("bytes/s", "/min");
 * NaN is "unknown", and infinity "without end".
 */
extern char *dbops_amount(double value, const char *unit);
