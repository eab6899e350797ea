/*
 * core/preload.h
 *		Whether the server preloads dbops, and the error for functions that need it.
 */
#pragma once

#define DBOPS_PRELOAD_HINT                                        \
	"Put this line into postgresql.conf and restart the server: " \
	"shared_preload_libraries = 'pg_stat_statements, dbops'"

/* Called once by _PG_init when the server preloads the library. */
extern void dbops_preload_note(void);

extern bool dbops_preload_done(void);

/* Raises an error, with the line for postgresql.conf, unless the server preloads dbops. */
extern void dbops_preload_require(void);

/*
 * Position of a library in shared_preload_libraries, or -1.  dbops must come after
 * pg_stat_statements, for both to see everything.
 */
extern int dbops_preload_position(const char *library);
