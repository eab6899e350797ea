/*
 * track/hooks.h
 *		Recording what this session runs: the server's planner, executor and log hooks.
 */
#pragma once

/* Called once by _PG_init when the server preloads the library; for utility.h's hook, too. */
extern void dbops_hooks_install(void);
