/*
 * judge/amount_funcs.c
 *		dbops._amount(): numbers as people read them, for views.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "judge/amount.h"

PG_FUNCTION_INFO_V1(dbops__amount);

Datum
dbops__amount(PG_FUNCTION_ARGS)
{
	double value = PG_GETARG_FLOAT8(0);
	const char *unit = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_TEXT_P(cstring_to_text(dbops_amount(value, unit)));
}
