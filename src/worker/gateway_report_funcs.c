/*
 * worker/gateway_report_funcs.c
 *		dbops._gateway_report(), dbops._shipping_report(): what the gateway tells of itself, as it
 *		shares no memory with dbops.
 *
 * Runs in the gateway's process, which by its first report becomes one of the workers: nothing it
 * runs is recorded, and what it costs is in dbops.self.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/clock.h"
#include "core/preload.h"
#include "store/selfstat.h"
#include "track/nesting.h"
#include "worker/control.h"

PG_FUNCTION_INFO_V1(dbops__gateway_report);
PG_FUNCTION_INFO_V1(dbops__shipping_report);

/* In the array of dbops._shipping_report(). */
enum
{
	NUMBER_SEQ,
	NUMBER_DELIVERED,
	NUMBER_DELIVERIES,
	NUMBER_BYTES,
	NUMBER_REFUSED,
	NUMBER_MISSED,
	NUMBER_CLOCK,
	NUMBER_COUNT
};

static void
check_is_gateway(void)
{
	if (MyBgworkerEntry == NULL || strcmp(MyBgworkerEntry->bgw_type, "dbops gateway") != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("only the gateway reports of itself")));
}

static void
enlist(void)
{
	static bool enlisted = false;

	if (enlisted)
		return;
	dbops_nesting_exclude_process();
	(void) dbops_control_enlist(WORKER_GATEWAY);
	enlisted = true;
}

/* dbops._gateway_report(listening, problem, requests, refused, failed) */
Datum
dbops__gateway_report(PG_FUNCTION_ARGS)
{
	GatewayState *state;

	check_is_gateway();
	dbops_preload_require();
	enlist();
	state = &dbops_control()->gateway;
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(0), state->listening, sizeof(state->listening));
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(1), state->problem, sizeof(state->problem));
	state->requests = PG_GETARG_INT64(2);
	state->refused = PG_GETARG_INT64(3);
	state->failed = PG_GETARG_INT64(4);
	dbops_selfstat_publish(SELF_GATEWAY);
	PG_RETURN_VOID();
}

static const int64 *
read_numbers(ArrayType *array)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != NUMBER_COUNT || ARR_HASNULL(array))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("dbops_gateway and dbops are of different versions"),
		                errhint("Install both anew, and restart the server.")));
	return (const int64 *) ARR_DATA_PTR(array);
}

/* dbops._shipping_report(destination, works, problem, hint, refusal, numbers) */
Datum
dbops__shipping_report(PG_FUNCTION_ARGS)
{
	TimestampTz now = dbops_clock_now();
	const int64 *numbers;
	ShippingState *state;

	check_is_gateway();
	dbops_preload_require();
	enlist();
	numbers = read_numbers(PG_GETARG_ARRAYTYPE_P(5));
	state = &dbops_control()->shipping;
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(0), state->destination, sizeof(state->destination));
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(2), state->problem, sizeof(state->problem));
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(3), state->hint, sizeof(state->hint));
	text_to_cstring_buffer(PG_GETARG_TEXT_PP(4), state->refusal, sizeof(state->refusal));
	if (numbers[NUMBER_REFUSED] > 0 && numbers[NUMBER_REFUSED] != state->refused)
		state->refused_at = now;
	if (numbers[NUMBER_MISSED] > 0 && numbers[NUMBER_MISSED] != state->missed)
		state->missed_at = now;
	state->seq = numbers[NUMBER_SEQ];
	state->delivered = numbers[NUMBER_DELIVERED];
	state->deliveries = numbers[NUMBER_DELIVERIES];
	state->bytes = numbers[NUMBER_BYTES];
	state->refused = numbers[NUMBER_REFUSED];
	state->missed = numbers[NUMBER_MISSED];
	state->clock_ahead_us = numbers[NUMBER_CLOCK];
	state->works = PG_GETARG_BOOL(1);
	state->reported_at = now;
	dbops_selfstat_publish(SELF_GATEWAY);
	PG_RETURN_VOID();
}
