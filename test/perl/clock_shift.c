/*
 * test/t/clock_shift.c
 *		The wall clock of whoever has this preloaded is off by what a shared file says.
 *
 * For 042_clock.pl.  libfaketime does not do: up to version 15 the postmaster forks background
 * workers inside a signal handler, in a call that libfaketime has wrapped, and such a child is not
 * faked.  The file named by CLOCK_SHIFT holds one 8-byte number of seconds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void
map_file(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		shift = map;
	if (fd >= 0)
		close(fd);
}

int
gettimeofday(struct timeval *time, void *zone)
{
	static int (*next)(struct timeval *, void *);
	int result;

	if (next == NULL)
		next = dlsym(RTLD_NEXT, "gettimeofday");
	result = next(time, zone);
	if (result == 0 && shift != NULL)
		time->tv_sec += *shift;
	return result;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	static int (*next)(clockid_t, struct timespec *);
	int result;

	if (next == NULL)
		next = dlsym(RTLD_NEXT, "clock_gettime");
	result = next(clock, time);
	if (result == 0 && clock == CLOCK_REALTIME && shift != NULL)
		time->tv_sec += *shift;
	return result;
}
