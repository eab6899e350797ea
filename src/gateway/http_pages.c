/*
 * gateway/http_pages.c
 *		What is asked of dbops; see pages.h.
 */
#include "postgres.h"

#include <microhttpd.h>

#include "gateway/gzip.h"
#include "gateway/http_clock.h"
#include "gateway/http_pages.h"

#define FRESH_US INT64CONST(1000000)

typedef struct Page
{
	Question query;
	const char *content_type;
	const char *vary; /* headers of a request that the answer depends on */
} Page;

static const char metrics_sql[] = "SELECT dbops.prometheus()";
static const char openmetrics_sql[] = "SELECT dbops.openmetrics()";
static const char protobuf_sql[] = "SELECT dbops.prometheus_protobuf()";

/* While nothing is judged there is no score, and nothing to rely on. */
static const char health_sql[] =
    "SELECT w.status, pg_catalog.json_build_object("
    "           'status', w.status,"
    "           'score', w.score,"
    "           'node', dbops.node_name(),"
    "           'in_recovery', pg_catalog.pg_is_in_recovery(),"
    "           'at', pg_catalog.now(),"
    "           'verdicts', w.verdicts)::pg_catalog.text"
    "  FROM (SELECT CASE WHEN dbops.health_score() IS NULL THEN 'unknown'"
    "                    WHEN pg_catalog.bool_or(h.status = 'critical') THEN 'critical'"
    "                    WHEN pg_catalog.bool_or(h.status = 'warning') THEN 'warning'"
    "                    ELSE 'ok' END AS status,"
    "               dbops.health_score() AS score,"
    "               coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(h)), '[]') AS verdicts"
    "          FROM dbops.health AS h) AS w";

static const char role_sql[] = "SELECT pg_catalog.pg_is_in_recovery()";

static const char lag_sql[] =
    "SELECT pg_catalog.pg_is_in_recovery(), r.replay_lag_bytes, r.replay_lag_seconds"
    "  FROM (VALUES (1)) AS one"
    "  LEFT JOIN dbops.replication AS r ON r.kind = 'upstream'"
    " LIMIT 1";

#define VARY_BY_FORMAT MHD_HTTP_HEADER_ACCEPT ", " MHD_HTTP_HEADER_ACCEPT_ENCODING

static const Page pages[PAGE_COUNT] = {
    [PAGE_METRICS] = {{.name = "metrics", .sql = metrics_sql, .body = 1},
                      "text/plain; version=0.0.4; charset=utf-8",
                      VARY_BY_FORMAT},
    [PAGE_OPENMETRICS] = {{.name = "metrics", .sql = openmetrics_sql, .body = 1},
                          "application/openmetrics-text; version=1.0.0; charset=utf-8",
                          VARY_BY_FORMAT},
    [PAGE_PROTOBUF] = {{.name = "metrics", .sql = protobuf_sql, .body = 1},
                       "application/vnd.google.protobuf; "
                       "proto=io.prometheus.client.MetricFamily; encoding=delimited",
                       VARY_BY_FORMAT},
    [PAGE_HEALTH] = {{.name = "health", .sql = health_sql, .body = 2},
                     "application/json",
                     MHD_HTTP_HEADER_ACCEPT_ENCODING},
    [PAGE_ROLE] = {{.name = "role", .sql = role_sql, .plain = true}},
    [PAGE_LAG] = {{.name = "lag", .sql = lag_sql}},
};

typedef struct PageState
{
	QueryAnswer answer;
	int64 fresh_until_us; /* 0: not rendered yet */
	struct MHD_Response *plain;
	struct MHD_Response *compressed;
} PageState;

static PageState states[PAGE_COUNT];

bool
dbops_http_pages_is_fresh(PageId id)
{
	return dbops_http_clock_us() < states[id].fresh_until_us;
}

static void
forget(struct MHD_Response **response)
{
	if (*response != NULL)
		MHD_destroy_response(*response);
	*response = NULL;
}

void
dbops_http_pages_render(PageId id, int timeout_ms)
{
	PageState *state = &states[id];
	int64 began_us = dbops_http_clock_us();
	int64 ended_us;

	/* Connections that still send one keep it. */
	forget(&state->plain);
	forget(&state->compressed);
	dbops_query_run(&pages[id].query, timeout_ms, &state->answer);
	/* At most half of the time is spent on it, or others would wait for what fails slowly. */
	ended_us = dbops_http_clock_us();
	state->fresh_until_us = ended_us + Max(FRESH_US, ended_us - began_us);
}

const QueryAnswer *
dbops_http_pages_answer(PageId id)
{
	return &states[id].answer;
}

size_t
dbops_http_pages_size(PageId id)
{
	return states[id].answer.sizes[pages[id].query.body - 1];
}

/* Around memory of malloc(), which goes with it. */
static struct MHD_Response *
wrap(char *data, size_t size, PageId id, bool gzip)
{
	struct MHD_Response *response = NULL;

	if (data != NULL)
		response = MHD_create_response_from_buffer(size, data, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
	{
		free(data);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, pages[id].content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, pages[id].vary);
	if (gzip)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return response;
}

/* The text itself goes into the response, and is there as long as that. */
static struct MHD_Response *
wrap_plain(PageId id)
{
	QueryAnswer *answer = &states[id].answer;
	const int cell = pages[id].query.body - 1;
	struct MHD_Response *response = wrap(answer->body, answer->sizes[cell], id, false);

	answer->body = NULL;
	if (response == NULL)
		answer->cells[cell] = NULL;
	return response;
}

static struct MHD_Response *
wrap_compressed(PageId id)
{
	const QueryAnswer *answer = &states[id].answer;
	const int cell = pages[id].query.body - 1;
	size_t size;
	char *compressed = dbops_gzip_compress(answer->cells[cell], answer->sizes[cell], &size);

	return wrap(compressed, size, id, true);
}

struct MHD_Response *
dbops_http_pages_response(PageId id, bool gzip)
{
	struct MHD_Response **response = gzip ? &states[id].compressed : &states[id].plain;

	if (*response == NULL && states[id].answer.cells[pages[id].query.body - 1] != NULL)
		*response = gzip ? wrap_compressed(id) : wrap_plain(id);
	return *response;
}
