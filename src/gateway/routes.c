/*
 * gateway/routes.c
 *		Which path gets which answer; see routes.h.
 */
#include "postgres.h"

#include "gateway/credentials.h"
#include "gateway/gzip.h"
#include "gateway/lag_limit.h"
#include "gateway/metrics_format.h"
#include "gateway/routes.h"

/* Less than this is not worth compressing. */
#define GZIP_FROM_BYTES 1024

#define TEXT_TYPE "text/plain; charset=utf-8"
#define HTML_TYPE "text/html; charset=utf-8"
#define JSON_TYPE "application/json"
#define NO_PAGE PAGE_COUNT

typedef struct Route
{
	const char *path;
	PageId page; /* that has to be fresh; NO_PAGE: none; of metrics, in any format */
	enum MHD_Result (*answer)(const HttpRequest *request, const QueryAnswer *page);
} Route;

static RouteCounters counters;

static const char index_html[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>dbops</title></head><body>\n"
    "<h1>dbops</h1>\n"
    "<ul>\n"
    "<li><a href=\"/metrics\">/metrics</a>: all metrics, for Prometheus</li>\n"
    "<li><a href=\"/health\">/health</a>: the verdicts as JSON; 503 while one is critical, or nothing"
    " is known</li>\n"
    "<li><a href=\"/primary\">/primary</a>: 200 on a primary, 503 elsewhere</li>\n"
    "<li><a href=\"/replica\">/replica</a>: 200 on a standby, 503 elsewhere;"
    " <a href=\"/replica?lag=16MB\">/replica?lag=16MB</a> or"
    " <a href=\"/replica?lag=10s\">/replica?lag=10s</a> only while it is not further behind</li>\n"
    "</ul>\n"
    "</body></html>\n";

/* ---- sending ---- */

/* Queues a response, which it takes over unless it is a page's. */
static enum MHD_Result
send_response(const HttpRequest *request, unsigned int status, struct MHD_Response *response)
{
	counters.requests++;
	if (status >= 500)
		counters.failed++;
	else if (status >= 400)
		counters.refused++;
	dbops_connections_enter(request->connection, CONNECTION_ANSWERING);
	return MHD_queue_response(request->connection->connection, status, response);
}

/* A small answer of its own; the header is one more, or NULL. */
static enum MHD_Result
send_text(const HttpRequest *request, unsigned int status, const char *type, const char *body,
          const char *const header[2])
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(body), (void *) body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (header != NULL)
		MHD_add_response_header(response, header[0], header[1]);
	result = send_response(request, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
send_line(const HttpRequest *request, unsigned int status, const char *line)
{
	char body[512];

	snprintf(body, sizeof(body), "%s\n", line);
	return send_text(request, status, TEXT_TYPE, body, NULL);
}

static const char *
find_header(const HttpRequest *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result
send_page(const HttpRequest *request, unsigned int status, PageId page)
{
	bool gzip = dbops_http_pages_size(page) >= GZIP_FROM_BYTES &&
	            dbops_gzip_is_accepted(find_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING));
	struct MHD_Response *response = dbops_http_pages_response(page, gzip);

	if (response == NULL)
		return MHD_NO;
	return send_response(request, status, response);
}

/* ---- the paths ---- */

static enum MHD_Result
answer_index(const HttpRequest *request, const QueryAnswer *page)
{
	return send_text(request, MHD_HTTP_OK, HTML_TYPE, index_html, NULL);
}

/* The page in the format that the client prefers, and the function that writes it. */
typedef struct MetricsPage
{
	PageId page;
	const char *function;
} MetricsPage;

static const MetricsPage *
find_metrics_page(const HttpRequest *request)
{
	static const MetricsPage by_format[] = {
	    [METRICS_TEXT] = {PAGE_METRICS, "prometheus"},
	    [METRICS_OPENMETRICS] = {PAGE_OPENMETRICS, "openmetrics"},
	    [METRICS_PROTOBUF] = {PAGE_PROTOBUF, "prometheus_protobuf"},
	};

	return &by_format[dbops_metrics_format_choose(find_header(request, MHD_HTTP_HEADER_ACCEPT))];
}

static enum MHD_Result
answer_metrics(const HttpRequest *request, const QueryAnswer *page)
{
	const MetricsPage *asked = find_metrics_page(request);
	char line[400];

	if (page->ok && page->cells[0] != NULL)
		return send_page(request, MHD_HTTP_OK, asked->page);
	if (page->sqlerrcode == ERRCODE_UNDEFINED_FUNCTION)
		snprintf(line, sizeof(line),
		         "The function dbops.%s() is not there: the extension may be older than its "
		         "library, so try ALTER EXTENSION dbops UPDATE.",
		         asked->function);
	else
		snprintf(line, sizeof(line), "The metrics cannot be read: %s", page->error);
	return send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

/* Within quotes of JSON; bytes beyond ASCII are left out, as an error may be in any encoding. */
static void
quote_json(const char *body, char *quoted, size_t size)
{
	size_t used = 0;

	for (; *body != '\0' && used + 3 < size; body++)
	{
		if (*body == '"' || *body == '\\')
			quoted[used++] = '\\';
		quoted[used++] = *body >= ' ' && *body <= '~' ? *body : '?';
	}
	quoted[used] = '\0';
}

static enum MHD_Result
answer_health(const HttpRequest *request, const QueryAnswer *page)
{
	char reason[300];
	char json[400];

	if (page->ok)
	{
		bool fine = strcmp(page->cells[0], "ok") == 0 || strcmp(page->cells[0], "warning") == 0;

		return send_page(request, fine ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, PAGE_HEALTH);
	}
	quote_json(page->error, reason, sizeof(reason));
	snprintf(json, sizeof(json), "{\"status\" : \"unknown\", \"reason\" : \"%s\"}\n", reason);
	return send_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, JSON_TYPE, json, NULL);
}

static enum MHD_Result
send_unknown(const HttpRequest *request, const QueryAnswer *page)
{
	char line[400];

	snprintf(line, sizeof(line), "unknown: %s", page->error);
	return send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

static bool
is_standby(const QueryAnswer *page)
{
	return page->cells[0] != NULL && page->cells[0][0] == 't';
}

static enum MHD_Result
answer_primary(const HttpRequest *request, const QueryAnswer *page)
{
	if (!page->ok)
		return send_unknown(request, page);
	return is_standby(page) ? send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, "standby") :
	                          send_line(request, MHD_HTTP_OK, "primary");
}

static enum MHD_Result
answer_replica(const HttpRequest *request, const QueryAnswer *page)
{
	if (!page->ok)
		return send_unknown(request, page);
	return is_standby(page) ? send_line(request, MHD_HTTP_OK, "standby") :
	                          send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, "primary");
}

static const char *
find_lag(const HttpRequest *request)
{
	return MHD_lookup_connection_value(request->connection->connection, MHD_GET_ARGUMENT_KIND,
	                                   "lag");
}

/* What is not known is not within any limit. */
static enum MHD_Result
answer_replica_lag(const HttpRequest *request, const QueryAnswer *page)
{
	LagLimit limit = {-1, -1};
	const char *known;
	char line[100];
	double lag;

	if (!page->ok)
		return send_unknown(request, page);
	if (!is_standby(page))
		return send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, "primary");
	(void) dbops_lag_limit_parse(find_lag(request), &limit);
	known = page->cells[limit.bytes >= 0 ? 1 : 2];
	if (known == NULL)
		return send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		                 "standby, and it is not known how far behind");
	lag = strtod(known, NULL);
	snprintf(line, sizeof(line),
	         limit.bytes >= 0 ? "standby, %.0f bytes behind" : "standby, %.3f seconds behind", lag);
	return send_line(request,
	                 lag <= (limit.bytes >= 0 ? limit.bytes : limit.seconds) ?
	                     MHD_HTTP_OK :
	                     MHD_HTTP_SERVICE_UNAVAILABLE,
	                 line);
}

static const Route routes[] = {
    {"/", NO_PAGE, answer_index},
    {"/metrics", PAGE_METRICS, answer_metrics},
    {"/health", PAGE_HEALTH, answer_health},
    {"/primary", PAGE_ROLE, answer_primary},
    {"/replica", PAGE_ROLE, answer_replica},
};

static const Route replica_lag = {"/replica", PAGE_LAG, answer_replica_lag};

/* ---- deciding ---- */

static const Route *
find_route(const HttpRequest *request)
{
	for (int i = 0; i < lengthof(routes); i++)
	{
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		return routes[i].answer == answer_replica && find_lag(request) != NULL ? &replica_lag :
		                                                                         &routes[i];
	}
	return NULL;
}

static enum MHD_Result
challenge(const HttpRequest *request)
{
	const char *header[2] = {MHD_HTTP_HEADER_WWW_AUTHENTICATE, dbops_credentials_challenge()};

	if (dbops_credentials_state() == CREDENTIALS_FAILED)
		return send_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		                 "The credentials file cannot be used; see the log of the server.");
	return send_text(request, MHD_HTTP_UNAUTHORIZED, TEXT_TYPE, "Who are you?\n", header);
}

static enum MHD_Result
answer_route(const HttpRequest *request, const Route *route)
{
	HttpConnection *connection = request->connection;

	PageId page = route->page == PAGE_METRICS ? find_metrics_page(request)->page : route->page;

	if (page == NO_PAGE)
		return route->answer(request, NULL);
	if (connection->rendered || dbops_http_pages_is_fresh(page))
		return route->answer(request, dbops_http_pages_answer(page));
	connection->page = page;
	connection->waiting = true;
	MHD_suspend_connection(connection->connection);
	return MHD_YES;
}

enum MHD_Result
dbops_routes_answer(const HttpRequest *request)
{
	static const char *const allow[2] = {MHD_HTTP_HEADER_ALLOW, "GET, HEAD"};
	LagLimit limit;
	const Route *route;

	if (!dbops_credentials_admit(find_header(request, MHD_HTTP_HEADER_AUTHORIZATION)))
		return challenge(request);
	route = find_route(request);
	if (route == NULL)
		return send_line(request, MHD_HTTP_NOT_FOUND, "There is nothing here; / has the list.");
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return send_text(request, MHD_HTTP_METHOD_NOT_ALLOWED, TEXT_TYPE, "Only GET and HEAD.\n",
		                 allow);
	if (request->has_content)
		return send_line(request, MHD_HTTP_CONTENT_TOO_LARGE, "A request has no content here.");
	if (route == &replica_lag && !dbops_lag_limit_parse(find_lag(request), &limit))
		return send_line(request, MHD_HTTP_BAD_REQUEST, "lag is like 16MB or 10s.");
	return answer_route(request, route);
}

void
dbops_routes_count_refused(int count)
{
	counters.requests += count;
	counters.refused += count;
}

const RouteCounters *
dbops_routes_counters(void)
{
	return &counters;
}
