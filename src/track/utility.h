/*
 * track/utility.h
 *		Recording the utility statements of this session: the server's hook for them.
 */
#pragma once

/* Called once, by dbops_hooks_install. */
extern void dbops_utility_install(void);
