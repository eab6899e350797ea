/*
 * store/node_funcs.c
 *		dbops.node_name().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "store/node.h"

PG_FUNCTION_INFO_V1(dbops_node_name_sql);

Datum
dbops_node_name_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(dbops_node_name()));
}
