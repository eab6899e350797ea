/*
 * advise/restricted.h
 *		Reading and planning a statement of another user: with its rights and settings, and no
 *		effects.
 *
 * Planning runs functions that are said to be immutable or stable, so a statement is planned as the
 * user who sends it, in a security-restricted operation, in a transaction that cannot write; and
 * who holds a lock on its tables is not waited for.
 */
#pragma once

#include "nodes/pg_list.h"

#include "core/tx.h"

typedef struct RestrictedContext
{
	Oid userid;              /* 0: the current one */
	List *settings;          /* of RoleSetting, that plans depend on */
	const char *search_path; /* NULL: that of the session, or of the settings */
	bool trusted_code;       /* and no other, as nobody asks for it; see trusted_code.h */
} RestrictedContext;

/*
 * Runs run(arg) so, in the current memory context, in a subtransaction that is rolled back.  False
 * if it threw an error, told by *error; cancel and shutdown are thrown on.
 */
extern bool dbops_restricted_run(const RestrictedContext *context, void (*run)(void *arg),
                                 void *arg, TaskError *error);

/* The same as the current user; what it threw is thrown again. */
extern void dbops_restricted_require(void (*run)(void *arg), void *arg);
