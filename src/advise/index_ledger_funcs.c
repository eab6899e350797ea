/*
 * advise/index_ledger_funcs.c
 *		dbops.dismiss_recommendation(), and what the ledger knows an index by.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "advise/index_identity.h"
#include "advise/index_ledger.h"

PG_FUNCTION_INFO_V1(dbops__index_identity);
PG_FUNCTION_INFO_V1(dbops__index_serves);
PG_FUNCTION_INFO_V1(dbops_dismiss_recommendation);

Datum
dbops__index_identity(PG_FUNCTION_ARGS)
{
	const char *identity = dbops_index_identity_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (identity == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(identity));
}

Datum
dbops__index_serves(PG_FUNCTION_ARGS)
{
	const char *built = dbops_index_identity_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_BOOL(built != NULL &&
	               dbops_index_identity_serves(built, text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

Datum
dbops_dismiss_recommendation(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("id and reason must not be NULL"),
		         errhint("Say why, for those who come after you.")));
	if (!dbops_index_ledger_dismiss(PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1))))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("there is no recommendation %lld", (long long) PG_GETARG_INT64(0)),
		                errhint("The view dbops.index_recommendations has the ids.")));
	PG_RETURN_VOID();
}
