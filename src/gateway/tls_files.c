/*
 * gateway/tls_files.c
 *		The certificate and the key for encrypted connections; see tls_files.h.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/tls_files.h"

#define MAX_BYTES (1024 * 1024)

typedef enum FileSecrecy
{
	FILE_PUBLIC,
	FILE_SECRET
} FileSecrecy;

/* The rule of the server for its own key. */
static const char *
find_fault(const struct stat *file, FileSecrecy secrecy)
{
	if (!S_ISREG(file->st_mode))
		return "it is not a regular file";
	if (file->st_size >= MAX_BYTES)
		return "it is too large";
	if (secrecy == FILE_PUBLIC)
		return NULL;
	if (file->st_uid != geteuid() && file->st_uid != 0)
		return "it belongs to another user";
	if ((file->st_uid == geteuid() && (file->st_mode & (S_IRWXG | S_IRWXO)) != 0) ||
	    (file->st_uid == 0 && (file->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0))
		return "it has group or world access; permissions should be u=rw (0600)";
	return NULL;
}

static char *
read_file(const char *path, FileSecrecy secrecy, char *problem, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat file;
	const char *fault = NULL;
	char *content = NULL;
	ssize_t length = -1;

	if (fd >= 0 && fstat(fd, &file) == 0 && (fault = find_fault(&file, secrecy)) == NULL)
	{
		content = calloc(1, file.st_size + 1);
		length = content != NULL ? read(fd, content, file.st_size) : -1;
	}
	if (length < 0)
	{
		snprintf(problem, size, "could not read \"%s\": %s", path,
		         fault != NULL ? fault : strerror(errno));
		free(content);
		content = NULL;
	}
	if (fd >= 0)
		close(fd);
	return content;
}

bool
dbops_tls_files_read(const char *certificate_path, const char *key_path, TlsFiles *files,
                     char *problem, size_t size)
{
	*files = (TlsFiles){NULL, NULL};
	if (certificate_path[0] == '\0' && key_path[0] == '\0')
		return true;
	if (certificate_path[0] == '\0' || key_path[0] == '\0')
	{
		snprintf(problem, size,
		         "of dbops.http_tls_certificate and dbops.http_tls_key one is not set");
		return false;
	}
	files->certificate = read_file(certificate_path, FILE_PUBLIC, problem, size);
	if (files->certificate != NULL)
		files->key = read_file(key_path, FILE_SECRET, problem, size);
	if (files->key != NULL)
		return true;
	dbops_tls_files_free(files);
	return false;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
dbops_tls_files_same(const TlsFiles *a, const TlsFiles *b)
{
	return is_same(a->certificate, b->certificate) && is_same(a->key, b->key);
}

void
dbops_tls_files_free(TlsFiles *files)
{
	if (files->key != NULL)
		explicit_bzero(files->key, strlen(files->key));
	free(files->certificate);
	free(files->key);
	*files = (TlsFiles){NULL, NULL};
}
