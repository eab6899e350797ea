/*
 * advise/restricted.c
 *		Planning as another user, without effects; see restricted.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "advise/restricted.h"
#include "advise/role_planning.h"
#include "advise/trusted_code.h"

/* A lock that is held for longer belongs to DDL: the statement is left out this time. */
static const char *const lock_timeout = "100ms";

typedef struct Errand
{
	const RestrictedContext *context;
	void (*run)(void *arg);
	void *arg;
} Errand;

/* Until the subtransaction ends.  What a role was given and is no good, its sessions do without,
 * too. */
static void
set_locally(const char *name, const char *value, int elevel)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true,
	                         elevel, false);
}

static void
set_all(const List *settings)
{
	ListCell *lc;

	foreach (lc, settings)
	{
		const RoleSetting *setting = lfirst(lc);

		set_locally(setting->name, setting->value, DEBUG1);
	}
}

/* The subtransaction gives user, security context and settings back. */
static void
run_errand(void *arg)
{
	const Errand *errand = arg;
	const RestrictedContext *context = errand->context;
	Oid userid;
	int flags;

	GetUserIdAndSecContext(&userid, &flags);
	set_all(context->settings);
	set_locally("lock_timeout", lock_timeout, ERROR);
	set_locally("transaction_read_only", "on", ERROR);
	if (OidIsValid(context->userid))
		userid = context->userid;
	SetUserIdAndSecContext(userid,
	                       flags | SECURITY_RESTRICTED_OPERATION | SECURITY_LOCAL_USERID_CHANGE);
	if (context->trusted_code)
		dbops_trusted_code_only();
	if (context->search_path != NULL)
		set_locally("search_path", context->search_path, DEBUG1);
	errand->run(errand->arg);
}

bool
dbops_restricted_run(const RestrictedContext *context, void (*run)(void *arg), void *arg,
                     TaskError *error)
{
	Errand errand = {.context = context, .run = run, .arg = arg};

	return dbops_tx_probe(run_errand, &errand, error);
}

void
dbops_restricted_require(void (*run)(void *arg), void *arg)
{
	TaskError error;

	if (!dbops_restricted_run(&(RestrictedContext){0}, run, arg, &error))
		ereport(ERROR, (errcode(error.sqlerrcode), errmsg("%s", error.message)));
}
