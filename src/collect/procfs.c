/*
 * collect/procfs.c
 *		Reading the small text files in which Linux tells about itself; see procfs.h.
 *
 * A file of its own because every collector of the operating system parses the same three shapes:
 * one number, "key value" lines, and columns.  Files are opened, read and closed without anything
 * in between that could throw, so no descriptor leaks.
 */
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "collect/procfs.h"

#define FIRST_SIZE 16384
#define MAX_SIZE (1024 * 1024)

static char root_prefix[MAXPGPATH] = "";

void
dbops_procfs_set_root(const char *root)
{
	strlcpy(root_prefix, root, sizeof(root_prefix));
}

void
dbops_procfs_path(char *out, Size size, const char *path)
{
	strlcpy(out, root_prefix, size);
	strlcat(out, path, size);
}

/* Reads up to `size` bytes; -1 when the file cannot be read. */
static ssize_t
read_bytes(const char *path, char *buffer, Size size)
{
	char full[MAXPGPATH];
	ssize_t total = 0;
	ssize_t got;
	int fd;

	dbops_procfs_path(full, sizeof(full), path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (total < size)
	{
		got = read(fd, buffer + total, size - total);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
		{
			if (got < 0)
				total = -1;
			break;
		}
		total += got;
	}
	close(fd);
	return total;
}

bool
dbops_procfs_read(const char *path, char *buffer, Size size)
{
	ssize_t got = read_bytes(path, buffer, size - 1);

	buffer[Max(got, 0)] = '\0';
	return got >= 0;
}

/* A larger buffer begins the file anew: half of one reading and half of another do not fit. */
char *
dbops_procfs_load(const char *path)
{
	for (Size size = FIRST_SIZE;; size *= 2)
	{
		char *buffer = palloc(size);
		ssize_t got = read_bytes(path, buffer, size - 1);

		if (got >= 0 && (got < size - 1 || size >= MAX_SIZE))
		{
			buffer[got] = '\0';
			return buffer;
		}
		pfree(buffer);
		if (got < 0)
			return NULL;
	}
}

char *
dbops_procfs_line(char **cursor)
{
	char *line = *cursor;
	char *end;

	if (*line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end == NULL)
		*cursor = line + strlen(line);
	else
	{
		*end = '\0';
		*cursor = end + 1;
	}
	return line;
}

int
dbops_procfs_split(char *line, char **words, int max)
{
	int nwords = 0;

	while (nwords < max)
	{
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		words[nwords++] = line;
		line += strcspn(line, " \t");
		if (*line == '\0')
			break;
		*line++ = '\0';
	}
	return nwords;
}

int64
dbops_procfs_number(const char *content)
{
	bool negative = false;
	int64 value = 0;

	content += strspn(content, " \t");
	if (*content == '-')
	{
		negative = true;
		content++;
	}
	if (*content < '0' || *content > '9')
		return FAMILY_NULL;
	for (; *content >= '0' && *content <= '9'; content++)
	{
		int digit = *content - '0';

		if (value > (PG_INT64_MAX - digit) / 10)
			return negative ? -PG_INT64_MAX : PG_INT64_MAX;
		value = value * 10 + digit;
	}
	return negative ? -value : value;
}

int64
dbops_procfs_read_number(const char *path)
{
	char content[64];

	if (!dbops_procfs_read(path, content, sizeof(content)))
		return FAMILY_NULL;
	return dbops_procfs_number(content);
}

void
dbops_procfs_fields(char *content, const ProcfsField *fields, int nfields, int64 *values)
{
	int missing = nfields;
	char *line;

	while (missing > 0 && (line = dbops_procfs_line(&content)) != NULL)
	{
		Size length = strcspn(line, ": \t");

		for (int i = 0; i < nfields; i++)
		{
			int64 value;

			if (strncmp(line, fields[i].key, length) != 0 || fields[i].key[length] != '\0')
				continue;
			value = dbops_procfs_number(line + length + (line[length] == ':'));
			if (value != FAMILY_NULL)
				values[fields[i].column] = value * fields[i].factor;
			missing--;
			break;
		}
	}
}

int64
dbops_procfs_steady(int64 *highest, int64 value, int64 slack)
{
	if (value == FAMILY_NULL)
		return value;
	if (value < *highest && *highest - value <= slack)
		return *highest;
	*highest = value;
	return value;
}
