/*
 * worker/advise_requests.c
 *		Who waits for advice; see advise_requests.h.
 */
#include "postgres.h"

#include "worker/advise_requests.h"

static bool
move(AdviseRequest *request, AdviseRequestState from, AdviseRequestState to)
{
	uint32 expected = from;

	return pg_atomic_compare_exchange_u32(&request->state, &expected, to);
}

void
dbops_advise_requests_init(AdviseRequests *requests)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
		pg_atomic_init_u32(&requests->places[i].state, REQUEST_FREE);
}

AdviseRequest *
dbops_advise_requests_ask(AdviseRequests *requests, Oid datid)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
	{
		AdviseRequest *request = &requests->places[i];

		if (!move(request, REQUEST_FREE, REQUEST_CLAIMED))
			continue;
		request->datid = datid;
		(void) move(request, REQUEST_CLAIMED, REQUEST_ASKED);
		return request;
	}
	return NULL;
}

bool
dbops_advise_requests_answered(AdviseRequest *request)
{
	bool answered = pg_atomic_read_u32(&request->state) == REQUEST_ANSWERED;

	pg_read_barrier();
	return answered;
}

void
dbops_advise_requests_free(AdviseRequest *request)
{
	pg_atomic_write_u32(&request->state, REQUEST_FREE);
}

void
dbops_advise_requests_restart(AdviseRequests *requests)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
		(void) move(&requests->places[i], REQUEST_RUNNING, REQUEST_ASKED);
}

static bool
is_of(AdviseRequest *request, AdviseRequestState state, Oid datid)
{
	if (pg_atomic_read_u32(&request->state) != state)
		return false;
	pg_read_barrier();
	return !OidIsValid(datid) || request->datid == datid;
}

bool
dbops_advise_requests_waiting(AdviseRequests *requests, Oid datid)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
	{
		if (is_of(&requests->places[i], REQUEST_ASKED, datid))
			return true;
	}
	return false;
}

void
dbops_advise_requests_begin(AdviseRequests *requests, Oid datid)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
	{
		if (is_of(&requests->places[i], REQUEST_ASKED, datid))
			(void) move(&requests->places[i], REQUEST_ASKED, REQUEST_RUNNING);
	}
}

void
dbops_advise_requests_answer(AdviseRequests *requests, Oid datid, int advised,
                             const TaskError *error)
{
	for (int i = 0; i < ADVISE_REQUESTS; i++)
	{
		AdviseRequest *request = &requests->places[i];

		if (!is_of(request, REQUEST_RUNNING, datid))
			continue;
		request->advised = advised;
		request->error = *error;
		(void) move(request, REQUEST_RUNNING, REQUEST_ANSWERED);
	}
}
