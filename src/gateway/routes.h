/*
 * gateway/routes.h
 *		Which path gets which answer.
 *
 * Runs in callbacks of libmicrohttpd: nothing here throws, allocates by palloc() or asks dbops;
 * what has to be asked first is left to the loop (connections.h, `waiting`).
 */
#pragma once

#include <microhttpd.h>

#include "gateway/connections.h"

/* Since the process began. */
typedef struct RouteCounters
{
	int64 requests; /* answered */
	int64 refused;  /* of these, with a status from 400 on: the client's mistake */
	int64 failed;   /* of these, with a status from 500 on */
} RouteCounters;

typedef struct HttpRequest
{
	HttpConnection *connection;
	const char *path;
	const char *method;
	bool has_content;
} HttpRequest;

/* Answers a request, or suspends its connection until a page is there. */
extern enum MHD_Result dbops_routes_answer(const HttpRequest *request);

/* Requests that were refused before they came here. */
extern void dbops_routes_count_refused(int count);

extern const RouteCounters *dbops_routes_counters(void);
