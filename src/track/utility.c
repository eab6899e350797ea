/*
 * track/utility.c
 *		What a utility statement is to recording; see utility.h.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "track/utility.h"

static UtilityClass
classify_utility(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_ExecuteStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_FetchStmt:
		case T_ClosePortalStmt:
			return UTILITY_CARRIER;
		case T_DeclareCursorStmt:
			return UTILITY_DECLARE;
		default:
			return UTILITY_ORDINARY;
	}
}

/* Passwords stand in such statements: nobody keeps those. */
static bool
may_hold_secret(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateRoleStmt:
		case T_AlterRoleStmt:
		case T_CreateUserMappingStmt:
		case T_AlterUserMappingStmt:
		case T_CreateForeignServerStmt:
		case T_AlterForeignServerStmt:
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_AlterSystemStmt: /* of primary_conninfo */
			return true;
		default:
			return false;
	}
}

UtilityRun
dbops_utility_describe(const PlannedStmt *pstmt, const char *query_string, ParamListInfo params)
{
	const Node *statement = pstmt->utilityStmt;

	return (UtilityRun){.class = classify_utility(statement),
	                    .key = dbops_statements_key(pstmt->queryId, GetUserId(), true),
	                    .source = {may_hold_secret(statement) ? NULL : query_string,
	                               pstmt->stmt_location, pstmt->stmt_len, params, false}};
}

uint64
dbops_utility_rows(const QueryCompletion *qc)
{
	if (qc == NULL)
		return 0;
	switch (qc->commandTag)
	{
		case CMDTAG_COPY:
		case CMDTAG_SELECT:
		case CMDTAG_REFRESH_MATERIALIZED_VIEW:
			return qc->nprocessed;
		default:
			return 0;
	}
}
