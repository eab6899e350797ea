/*
 * test/unit/tap.h
 *		What a unit test needs: TAP output, a server's memory and errors, and ways to look at both.
 *
 * A unit test is a plain program `<m>_test.c` with a main that ends with `return tap_done();`.
 * A comment line `sources: src/math/histogram.c ...` names the files it links with.  stubs.c
 * stands in for the server: memory contexts are real (every chunk is its own malloc, so
 * AddressSanitizer sees use after reset and overruns), errors of level ERROR and above jump to
 * the nearest expect_error.
 */
#pragma once

#include <setjmp.h>

#include "utils/elog.h"
#include "utils/memutils.h"

/* Each prints one TAP line; the name says the fact proved.  They return whether it holds. */
extern bool ok(bool holds, const char *name, ...) pg_attribute_printf(2, 3);
extern bool is_int(int64 got, int64 expected, const char *name, ...) pg_attribute_printf(3, 4);
extern bool
is_str(const char *got, const char *expected, const char *name, ...) pg_attribute_printf(3, 4);

/* |got - expected| <= tolerance; a NaN equals only a NaN. */
extern bool is_near(double got, double expected, double tolerance, const char *name, ...)
    pg_attribute_printf(4, 5);

extern void skip(const char *why, ...) pg_attribute_printf(1, 2); /* counts as one test */
extern void note(const char *fmt, ...) pg_attribute_printf(1, 2); /* a "# " line */

/* Prints the plan; the exit code of main. */
extern int tap_done(void);

/*
 * Runs the statements and proves that they raise the error `code` (ERRCODE_...).  Afterwards
 * stub_last_error() is what was raised.  Locals that the statements change must be volatile.
 */
#define expect_error(code, name, ...)                  \
	do                                                 \
	{                                                  \
		sigjmp_buf here_;                              \
		sigjmp_buf *outer_ = stub_error_catch(&here_); \
		if (sigsetjmp(here_, 0) == 0)                  \
		{                                              \
			__VA_ARGS__;                               \
		}                                              \
		stub_error_caught(outer_, (code), (name));     \
	} while (0)

/* Like expect_error for "raises nothing": prints the error that came. */
#define expect_no_error(name, ...) expect_error(0, name, __VA_ARGS__)

extern sigjmp_buf *stub_error_catch(sigjmp_buf *here);
extern void stub_error_caught(sigjmp_buf *outer, int code, const char *name);

/* The latest ereport of any level, "" and 0 before the first. */
typedef struct StubError
{
	int elevel;
	int sqlerrcode;
	char message[1024];
	char detail[1024];
	char hint[1024];
} StubError;

extern const StubError *stub_last_error(void);

/* Bytes asked for and not yet freed, and how many chunks, in a context and its children. */
extern Size stub_context_bytes(MemoryContext context);
extern int64 stub_context_chunks(MemoryContext context);

/* From now on the nth allocation (1 = the next) fails as out of memory; 0 switches that off. */
extern void stub_fail_allocation(int64 nth);
