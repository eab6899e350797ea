/*
 * expose/html.h
 *		Text into a page: escaped, and in nothing but ASCII.
 *
 * The one place through which anything that users have made gets into a page.  Letters beyond ASCII
 * become references by number, so the page reads the same whatever encoding it is written in on its
 * way to a file.
 */
#pragma once

#include "lib/stringinfo.h"

/*
 * Appends UTF-8 as text or as the value of an attribute in double quotes.  What is no UTF-8, and
 * control characters but line ends and tabs, show as U+FFFD, the sign for what is none.
 */
extern void dbops_html_text(StringInfo page, const char *words);

/* The same of the first `limit` letters; if that is not all, an ellipsis follows. */
extern void dbops_html_clipped(StringInfo page, const char *words, int limit);
