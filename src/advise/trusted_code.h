/*
 * advise/trusted_code.h
 *		Whose functions run while a statement is planned that somebody sent once.
 *
 * Planning runs what is said to be immutable or stable.  When a statement was sent, whoever sent it
 * meant to run it; when it is planned again, what it names may be something else: a view in the
 * place of a table, another body of a function.  Who may do everything must not be made to run it.
 */
#pragma once

/*
 * Until the current subtransaction ends, a function that belongs to somebody else throws where it
 * would run with the rights of a superuser, or of who may run programs or read files of the server.
 */
extern void dbops_trusted_code_only(void);
