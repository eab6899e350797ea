/*
 * core/command.c
 *		Running a program from a worker and reading what it prints; see command.h.
 *
 * Whatever has to be undone, should anything throw, is in Running, which a callback of its memory
 * context ends.
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "core/clock.h"
#include "core/command.h"
#include "core/encoding.h"

/* The end of what a program complains about is kept. */
#define COMPLAINT_MAX 2048
#define COMPLAINT_LINE 160

/* The ear that is not listened to, and the end of the program, are looked at this often. */
#define TICK_MS 50
#define END_TICK_MS 5

/* A program asked to end has so long to do so, and the kernel so long to end it. */
#define GRACE_MS 500
#define REAP_MS 2000

/* Without the call that closes a range, descriptors up to this one are closed. */
#define DESCRIPTORS_MAX 65536

/* Where the child finds the pipe by which it tells why it could not become the program. */
#define STATUS_DESCRIPTOR 3

typedef enum Ear
{
	EAR_OUTPUT,
	EAR_COMPLAINT,
	EAR_STATUS,
	EARS
} Ear;

typedef struct Running
{
	const char *name;
	pid_t pid; /* 0: none to end */
	int ears[EARS];
	int mouths[EARS]; /* the program's, ours to close */
	int64 deadline_us;
	const char *limit_name;
	int wait_status;
	StringInfoData output;
	Size output_max;
	char complaint[COMPLAINT_MAX];
	Size complaint_size;
	MemoryContextCallback callback;
} Running;

/* ---- the child, from fork to exec: nothing but system calls ---- */

static void
close_descriptors(void)
{
#if defined(__linux__) && defined(SYS_close_range)
	if (syscall(SYS_close_range, STATUS_DESCRIPTOR + 1, ~0U, 0) == 0)
		return;
#endif
	for (int fd = STATUS_DESCRIPTOR + 1; fd < DESCRIPTORS_MAX; fd++)
		(void) close(fd);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void) signal(number, SIG_DFL);
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
become_program(char *const *argv, const int *mouths, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	int error;

	(void) setpgid(0, 0);
	reset_signals();
#ifdef __linux__
	/* Should this worker be killed, nobody else would end the program. */
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
#endif
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(mouths[EAR_OUTPUT], STDOUT_FILENO) >= 0 &&
	    dup2(mouths[EAR_COMPLAINT], STDERR_FILENO) >= 0 &&
	    dup2(mouths[EAR_STATUS], STATUS_DESCRIPTOR) >= 0 &&
	    fcntl(STATUS_DESCRIPTOR, F_SETFD, FD_CLOEXEC) == 0)
	{
		close_descriptors();
		execvp(argv[0], argv);
		error = errno;
		(void) !write(STATUS_DESCRIPTOR, &error, sizeof(error));
	}
	_exit(127);
}

/* ---- ending ---- */

static void
close_end(int *fd)
{
	if (*fd >= 0)
		(void) close(*fd);
	*fd = -1;
}

/* The program itself has ended; it keeps its number until it is reaped. */
static bool
has_ended(const Running *running)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	return waitid(P_PID, running->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid == running->pid;
}

static void
await_end(const Running *running, int most_ms)
{
	int64 give_up_us = dbops_clock_monotonic_us() + most_ms * INT64CONST(1000);

	while (!has_ended(running) && dbops_clock_monotonic_us() < give_up_us)
		pg_usleep(END_TICK_MS * 1000L);
}

/*
 * Ends all of the group, what the program left running included.  The group's number cannot be
 * another's before the program is reaped.  One that not even the kernel can end, as it waits for a
 * device, stays for whoever comes after this process.
 */
static void
end_group(Running *running)
{
	if (running->pid == 0)
		return;
	if (!has_ended(running))
	{
		(void) kill(-running->pid, SIGTERM);
		await_end(running, GRACE_MS);
	}
	(void) kill(-running->pid, SIGKILL);
	await_end(running, REAP_MS);
	(void) waitpid(running->pid, &running->wait_status, WNOHANG);
	running->pid = 0;
}

static void
end_running(void *arg)
{
	Running *running = arg;

	end_group(running);
	for (Ear ear = 0; ear < EARS; ear++)
	{
		close_end(&running->ears[ear]);
		close_end(&running->mouths[ear]);
	}
}

/* ---- starting ---- */

static void
open_pipe(int *ear, int *mouth)
{
	int ends[2];

	if (pipe(ends) != 0)
		ereport(ERROR,
		        (errcode_for_file_access(), errmsg("could not create a pipe for a program: %m")));
	*ear = ends[0];
	*mouth = ends[1];
	(void) fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void) fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	(void) fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static Running *
create_running(const Command *command)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops command", ALLOCSET_SMALL_SIZES);
	Running *running = MemoryContextAllocZero(context, sizeof(Running));

	running->name = command->argv[0];
	running->output_max = command->output_max;
	running->limit_name = command->limit_name;
	running->deadline_us = dbops_clock_monotonic_us() + command->limit_ms * INT64CONST(1000);
	for (Ear ear = 0; ear < EARS; ear++)
		running->ears[ear] = running->mouths[ear] = -1;
	running->callback.func = end_running;
	running->callback.arg = running;
	MemoryContextRegisterResetCallback(context, &running->callback);
	return running;
}

static void
start(Running *running, char *const *argv)
{
	pid_t parent = getpid();
	int error;

	for (Ear ear = 0; ear < EARS; ear++)
		open_pipe(&running->ears[ear], &running->mouths[ear]);
	fflush(NULL);
	running->pid = fork();
	if (running->pid == 0)
		become_program(argv, running->mouths, parent);
	error = errno;
	for (Ear ear = 0; ear < EARS; ear++)
		close_end(&running->mouths[ear]);
	if (running->pid < 0)
	{
		running->pid = 0;
		errno = error;
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("could not start program \"%s\": %m", running->name)));
	}
	/* In whichever of the two processes it comes first. */
	(void) setpgid(running->pid, running->pid);
}

/* ---- listening ---- */

static void
check_deadline(Running *running)
{
	CHECK_FOR_INTERRUPTS();
	if (dbops_clock_monotonic_us() < running->deadline_us)
		return;
	end_group(running);
	ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
	                errmsg("program \"%s\" was ended, as it did not end in time", running->name),
	                errhint("Run it by hand, as the server's user, to see how long it takes; "
	                        "%s says how long it may.",
	                        running->limit_name)));
}

static void
wait_for(Running *running, Ear ear, int most_ms)
{
	int fd = ear == EARS ? PGINVALID_SOCKET : running->ears[ear];
	int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;

	if (fd != PGINVALID_SOCKET)
		events |= WL_SOCKET_READABLE;
	if (WaitLatchOrSocket(MyLatch, events, fd, most_ms, PG_WAIT_EXTENSION) & WL_LATCH_SET)
		ResetLatch(MyLatch);
	check_deadline(running);
}

static void
keep_complaint(Running *running, const char *data, Size size)
{
	Size room = COMPLAINT_MAX - 1;
	Size kept;

	if (size >= room)
	{
		data += size - room;
		size = room;
	}
	kept = Min(running->complaint_size, room - size);
	memmove(running->complaint, running->complaint + running->complaint_size - kept, kept);
	memcpy(running->complaint + kept, data, size);
	running->complaint_size = kept + size;
	running->complaint[running->complaint_size] = '\0';
}

static void
keep_output(Running *running, const char *data, Size size)
{
	if (running->output.len + size > running->output_max)
	{
		end_group(running);
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("program \"%s\" was ended, as it printed more than %zu kB",
		                       running->name, running->output_max / 1024)));
	}
	appendBinaryStringInfo(&running->output, data, size);
}

/* Takes in what there is, for a tick at most; closes the ear at its end. */
static void
listen_to(Running *running, Ear ear)
{
	int64 enough_us = dbops_clock_monotonic_us() + TICK_MS * INT64CONST(1000);
	char data[8192];

	while (running->ears[ear] >= 0 && dbops_clock_monotonic_us() < enough_us)
	{
		ssize_t got = read(running->ears[ear], data, sizeof(data));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (got <= 0)
			close_end(&running->ears[ear]);
		else if (ear == EAR_OUTPUT)
			keep_output(running, data, got);
		else
			keep_complaint(running, data, got);
	}
}

/* The status pipe is closed by a successful exec; else the error number comes through it. */
static void
await_exec(Running *running)
{
	int error = 0;
	ssize_t got;

	while ((got = read(running->ears[EAR_STATUS], &error, sizeof(error))) < 0)
	{
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			break;
		wait_for(running, EAR_STATUS, TICK_MS);
	}
	close_end(&running->ears[EAR_STATUS]);
	if (got == sizeof(error))
	{
		end_group(running);
		errno = error;
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not execute program \"%s\": %m", running->name),
		                errhint("The server's user must be able to execute it; a name without a "
		                        "slash is looked for in the server's PATH.")));
	}
}

/*
 * Both outputs have ended, or the program has: what it left running may hold them open for ever.
 */
static void
listen_to_end(Running *running)
{
	bool ended;

	do
	{
		Ear ear = running->ears[EAR_OUTPUT] >= 0 ? EAR_OUTPUT : EAR_COMPLAINT;

		if (running->ears[ear] < 0)
			break;
		ended = has_ended(running);
		if (!ended)
			wait_for(running, ear, TICK_MS);
		listen_to(running, EAR_OUTPUT);
		listen_to(running, EAR_COMPLAINT);
	} while (!ended);
	while (!has_ended(running))
		wait_for(running, EARS, END_TICK_MS);
}

/* ---- what became of it ---- */

/* The line that says most: the first that speaks of an error, else the last one. */
static char *
find_telling_line(const char *complaint)
{
	char *words = pstrdup(complaint);
	char *rest = words;
	char *line;
	char *telling = NULL;

	while ((line = strsep(&rest, "\n")) != NULL)
	{
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		telling = line;
		if (strcasestr(line, "error") != NULL)
			break;
	}
	if (telling != NULL)
		telling[dbops_encoding_clip(telling, strlen(telling), COMPLAINT_LINE)] = '\0';
	return telling;
}

static void
check_status(Running *running)
{
	int status = running->wait_status;
	char *telling;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	/* Some programs complain where they print. */
	if (running->complaint_size == 0)
		keep_complaint(running, running->output.data, running->output.len);
	dbops_encoding_fit(running->complaint, PG_UTF8);
	telling = find_telling_line(running->complaint);
	ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
	                errmsg("program \"%s\" ended %s %d%s%s", running->name,
	                       WIFEXITED(status) ? "with exit code" : "by signal",
	                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
	                       telling ? ": " : "", telling ? telling : ""),
	                telling ? errdetail("It said: %s", running->complaint) : 0));
}

void
dbops_command_run(const Command *command, CommandOutput *output)
{
	Running *running = create_running(command);

	initStringInfo(&running->output);
	start(running, command->argv);
	await_exec(running);
	listen_to_end(running);
	end_running(running);
	check_status(running);
	output->text = running->output.data;
	output->size = running->output.len;
	MemoryContextDelete(GetMemoryChunkContext(running));
}
