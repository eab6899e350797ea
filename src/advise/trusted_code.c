/*
 * advise/trusted_code.c
 *		Functions that are not run for others; see trusted_code.h.
 *
 * Every function that is not built in is looked up before it is called, by whatever calls it: as an
 * operator, a cast, a check of a domain, in an index, by another function.  The hook sees them all.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "advise/trusted_code.h"

/* A subtransaction in which only trusted code runs; subtransactions within it are part of it. */
typedef struct Guarded
{
	SubTransactionId subtransaction;
	struct Guarded *outer;
} Guarded;

static Guarded *guarded = NULL;
static needs_fmgr_hook_type prev_needs_hook = NULL;

static void
leave(SubXactEvent event, SubTransactionId ended, SubTransactionId parent, void *arg)
{
	if (guarded != NULL && guarded->subtransaction == ended &&
	    (event == SUBXACT_EVENT_ABORT_SUB || event == SUBXACT_EVENT_COMMIT_SUB))
		guarded = guarded->outer;
}

/* Whether code that runs with its rights could leave the database. */
static bool
is_powerful(Oid user)
{
	return superuser_arg(user) || has_privs_of_role(user, ROLE_PG_EXECUTE_SERVER_PROGRAM) ||
	       has_privs_of_role(user, ROLE_PG_READ_SERVER_FILES) ||
	       has_privs_of_role(user, ROLE_PG_WRITE_SERVER_FILES);
}

/* Whose function it is, unless it runs with the rights of that role in any case. */
static Oid
owner_of(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (!((Form_pg_proc) GETSTRUCT(tuple))->prosecdef)
		owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
check_function(Oid function)
{
	Oid user = GetUserId();
	Oid owner = owner_of(function);

	/* Who has the user's rights anyway gains nothing. */
	if (!OidIsValid(owner) || has_privs_of_role(owner, user) || !is_powerful(user))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("function %s belongs to %s, so it is not run with the rights of %s",
	                quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
	                                           get_func_name(function)),
	                GetUserNameFromId(owner, false), GetUserNameFromId(user, false))));
}

static bool
look_at_function(Oid function)
{
	if (guarded != NULL)
		check_function(function);
	return prev_needs_hook != NULL && prev_needs_hook(function);
}

static void
install_hooks(void)
{
	static bool installed = false;

	if (installed)
		return;
	RegisterSubXactCallback(leave, NULL);
	prev_needs_hook = needs_fmgr_hook;
	needs_fmgr_hook = look_at_function;
	installed = true;
}

void
dbops_trusted_code_only(void)
{
	Guarded *entered = MemoryContextAlloc(TopTransactionContext, sizeof(Guarded));

	install_hooks();
	*entered = (Guarded){.subtransaction = GetCurrentSubTransactionId(), .outer = guarded};
	guarded = entered;
}
