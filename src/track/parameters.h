/*
 * track/parameters.h
 *		Values of parameters as text, where nothing may fail.
 *
 * An output function may do anything, so only those of built-in types are called whose code looks
 * into no catalog and asks for no more memory than is set aside here; values of others are left
 * out.
 */
#pragma once

/* Sets memory aside; in the postmaster, which its children inherit. */
extern void dbops_parameters_init(void);

/*
 * The text of a value that is not NULL, until dbops_parameters_forget(); NULL if it is left out.
 * Unless what a pointer points to is sure to be there, only a value that is none has a text.
 */
extern const char *dbops_parameters_text(Oid type, Datum value, bool is_there);

extern void dbops_parameters_forget(void);
