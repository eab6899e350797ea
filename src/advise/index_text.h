/*
 * advise/index_text.h
 *		CREATE INDEX and DROP INDEX as text, read into what a what-if takes.
 */
#pragma once

#include "advise/index_spec.h"

typedef struct IndexText
{
	IndexSpec *spec; /* to be there; or NULL */
	Oid dropped;     /* not to be there; or 0 */
} IndexText;

/*
 * Reads one command, with the rights and the search_path of the current user; locks the table. 
 * What is neither CREATE INDEX nor DROP INDEX, or would fail as such, is an error.
 */
extern IndexText dbops_index_text_read(const char *command);
