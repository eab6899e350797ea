/*
 * gateway/http_pages.h
 *		What is asked of dbops, at most once a second each, and shared by all who ask within it.
 *
 * A page is the answer of one query.  Those that are sent as they are have a response of
 * libmicrohttpd around their text, which any number of connections send from; the compressed form
 * is made for the first who takes it.
 */
#pragma once

#include "gateway/query.h"

struct MHD_Response;

typedef enum PageId
{
	PAGE_METRICS, /* the text */
	PAGE_OPENMETRICS,
	PAGE_PROTOBUF,
	PAGE_HEALTH, /* status in one word, and JSON */
	PAGE_ROLE,   /* whether in recovery: t, f */
	PAGE_LAG,    /* the same; and how far behind, in bytes and in seconds, if it is known */
	PAGE_COUNT
} PageId;

/* Whether the page is less than a second old, or than it took to make. */
extern bool dbops_http_pages_is_fresh(PageId id);

/* Asks for it anew.  Never from a callback of libmicrohttpd. */
extern void dbops_http_pages_render(PageId id, int timeout_ms);

/* The last answer.  Its cells live until the page is rendered again. */
extern const QueryAnswer *dbops_http_pages_answer(PageId id);

/*
 * The text of the page as a response to be queued, of which the page keeps one reference; NULL when
 * memory is short.
 */
extern struct MHD_Response *dbops_http_pages_response(PageId id, bool gzip);

/* Bytes of the text, which are worth compressing or not. */
extern size_t dbops_http_pages_size(PageId id);
