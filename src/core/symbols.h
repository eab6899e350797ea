/*
 * core/symbols.h
 *		Symbols that only dbops itself uses.
 *
 * Whatever a library exports is reached through its tables of offsets and procedures, one or two
 * instructions each time, because another library might replace it.  What every statement runs or
 * reads is declared with this instead.
 */
#pragma once

#define DBOPS_PRIVATE __attribute__((visibility("hidden")))
