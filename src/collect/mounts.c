/*
 * collect/mounts.c
 *		What is mounted where; see mounts.h.
 *
 * A file of its own because control groups and the places of the server's files are both found
 * through the same table.
 */
#include "postgres.h"

#include "collect/mounts.h"
#include "collect/procfs.h"

#define MOUNT_WORDS 24

/* Blanks, newlines and backslashes in names are written as \040 and the like; undone in place. */
static char *
unescape(char *word)
{
	char *out = word;

	for (const char *in = word; *in != '\0'; in++)
	{
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
		    in[3] >= '0' && in[3] <= '7')
		{
			*out++ = (char) (((in[1] - '0') << 6) | ((in[2] - '0') << 3) | (in[3] - '0'));
			in += 3;
		}
		else
			*out++ = *in;
	}
	*out = '\0';
	return word;
}

/*
 * id parent major:minor root point options [optional…] - type source options.  Lines of another
 * shape are passed over.
 */
bool
dbops_mounts_next(char **cursor, Mount *mount)
{
	char *line;

	while ((line = dbops_procfs_line(cursor)) != NULL)
	{
		char *words[MOUNT_WORDS];
		int nwords = dbops_procfs_split(line, words, MOUNT_WORDS);
		int dash = 6;

		while (dash < nwords && strcmp(words[dash], "-") != 0)
			dash++;
		if (dash + 3 >= nwords ||
		    sscanf(words[2], "%d:%d", &mount->device_major, &mount->device_minor) != 2)
			continue;
		mount->root = unescape(words[3]);
		mount->point = unescape(words[4]);
		mount->type = words[dash + 1];
		mount->source = unescape(words[dash + 2]);
		mount->options = words[dash + 3];
		return true;
	}
	return false;
}

/* The longest mount point above the path; of several on one point, the last covers the others. */
bool
dbops_mounts_find(char *content, const char *path, Mount *mount)
{
	bool found = false;
	Mount candidate;

	while (dbops_mounts_next(&content, &candidate))
	{
		if (dbops_mounts_below(path, candidate.point) == NULL ||
		    (found && strlen(candidate.point) < strlen(mount->point)))
			continue;
		*mount = candidate;
		found = true;
	}
	return found;
}

bool
dbops_mounts_option(const char *options, const char *word)
{
	Size length = strlen(word);

	for (const char *at = options; *at != '\0'; at += strspn(at, ","))
	{
		Size part = strcspn(at, ",");

		if (part == length && strncmp(at, word, length) == 0)
			return true;
		at += part;
	}
	return false;
}

const char *
dbops_mounts_below(const char *path, const char *folder)
{
	Size length = strlen(folder);

	while (length > 0 && folder[length - 1] == '/')
		length--;
	if (strncmp(path, folder, length) != 0)
		return NULL;
	path += length;
	if (strcmp(path, "/") == 0)
		return "";
	return *path == '\0' || *path == '/' ? path : NULL;
}
