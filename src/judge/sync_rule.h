/*
 * judge/sync_rule.h
 *		Whether commits get the confirmations that synchronous_standby_names asks for.
 *
 * A file of its own because it is about the server as a whole, and no standby has it.
 */
#pragma once

typedef struct SyncRule
{
	bool used; /* on a primary, and it asks for any */
	int required;
	int candidates;   /* connected */
	int waiters;      /* sessions whose commit waits */
	int64 waiting_us; /* of who waits longest; PG_INT64_MIN when nobody does */
} SyncRule;

extern void dbops_sync_rule_load(SyncRule *rule);
