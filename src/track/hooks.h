/*
 * track/hooks.h
 *		Recording what this session runs: the server's planner, executor, utility and log hooks.
 */
#pragma once

/* Called once by _PG_init when the server preloads the library. */
extern void dbops_hooks_install(void);

/* Nothing this process runs is recorded: for dbops' own workers. */
extern void dbops_hooks_exclude_process(void);
