/*
 * core/command.h
 *		Running a program from a worker and reading what it prints.
 *
 * The program gets its arguments as they are, no shell between; the null device as its input; no
 * descriptor of ours but its two outputs; a process group of its own.  It may take so long and
 * print so much.  However the call ends, by return, error, cancel or the end of this process, none
 * of the group is left running and nothing is left open.
 */
#pragma once

#include "postgres.h"

typedef struct Command
{
	char *const *argv;      /* ended by NULL; a name without a slash is looked up in the PATH */
	int limit_ms;           /* until it has ended */
	const char *limit_name; /* the setting that says so */
	Size output_max;        /* bytes */
} Command;

typedef struct CommandOutput
{
	char *text; /* ended by a zero, allocated here */
	Size size;
} CommandOutput;

/*
 * Runs it to its end.  Waits on the latch of this process and checks for interrupts.  Errors: it
 * cannot be started, does not end in time, prints too much, or ends with a code or by a signal; the
 * message says which program and what it complained about.
 */
extern void dbops_command_run(const Command *command, CommandOutput *output);
