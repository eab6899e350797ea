/*
 * worker/advise_requests.h
 *		Who waits for advice: places in shared memory between dbops.advise_now() and the keeper.
 *
 * A place belongs to the one who asks, who frees it in any state; the keeper moves it on by
 * comparing and swapping, so it never touches the place of the next one.  src/README.md has a
 * drawing of the states.
 */
#pragma once

#include "port/atomics.h"

#include "core/tx.h"

#define ADVISE_REQUESTS 8

typedef enum AdviseRequestState
{
	REQUEST_FREE,
	REQUEST_CLAIMED,
	REQUEST_ASKED,
	REQUEST_RUNNING,
	REQUEST_ANSWERED,
} AdviseRequestState;

typedef struct AdviseRequest
{
	pg_atomic_uint32 state;
	Oid datid;
	int advised;     /* lines of advice */
	TaskError error; /* why there is none */
} AdviseRequest;

typedef struct AdviseRequests
{
	AdviseRequest places[ADVISE_REQUESTS];
} AdviseRequests;

extern void dbops_advise_requests_init(AdviseRequests *requests);

/* ---- of who asks ---- */

/* NULL if all places are taken. */
extern AdviseRequest *dbops_advise_requests_ask(AdviseRequests *requests, Oid datid);
extern bool dbops_advise_requests_answered(AdviseRequest *request);
extern void dbops_advise_requests_free(AdviseRequest *request);

/* ---- of the keeper ---- */

/* Searches that a keeper before this one did not end. */
extern void dbops_advise_requests_restart(AdviseRequests *requests);

/* Whether somebody asks for this database; for any, if it is 0. */
extern bool dbops_advise_requests_waiting(AdviseRequests *requests, Oid datid);

/* A search begins for all who ask for the database, and has ended. */
extern void dbops_advise_requests_begin(AdviseRequests *requests, Oid datid);
extern void dbops_advise_requests_answer(AdviseRequests *requests, Oid datid, int advised,
                                         const TaskError *error);
