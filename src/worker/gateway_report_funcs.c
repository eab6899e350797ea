/*
 * worker/gateway_report_funcs.c
 *		dbops._gateway_report(): what the gateway tells of itself, as it shares no memory with dbops.
 *
 * Runs in the gateway's process, which by its first report becomes one of the workers: nothing it
 * runs is recorded, and what it costs is in dbops.self.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/builtins.h"

#include "core/preload.h"
#include "store/selfstat.h"
#include "track/nesting.h"
#include "worker/control.h"

PG_FUNCTION_INFO_V1(dbops__gateway_report);

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
