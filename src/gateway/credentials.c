/*
 * gateway/credentials.c
 *		Who may ask; see credentials.h.
 *
 * Each line is kept as the header that its owner sends, so that a request is compared with texts
 * and nothing of it is decoded.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/credentials.h"
#include "utils/memutils.h"

#define MAX_FILE_BYTES 65536
#define BEARER "bearer:"

typedef struct Credential
{
	const char *scheme; /* as in the header */
	char *proof;        /* what follows it */
} Credential;

static MemoryContext context = NULL;
static Credential *credentials = NULL;
static int ncredentials = 0;
static bool any_basic = false;
static CredentialsState state = CREDENTIALS_NONE;
static char problem[256] = "";
static char loaded_path[MAXPGPATH] = "";
static struct stat loaded;

/* ---- reading ---- */

static char *
encode_base64(const char *content)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *) content;
	size_t size = strlen(content);
	char *encoded = palloc((size + 2) / 3 * 4 + 1);
	char *out = encoded;

	for (size_t i = 0; i < size; i += 3)
	{
		uint32 bits = (uint32) in[i] << 16 | (i + 1 < size ? (uint32) in[i + 1] << 8 : 0) |
		              (i + 2 < size ? (uint32) in[i + 2] : 0);

		*out++ = digits[bits >> 18 & 63];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < size ? digits[bits & 63] : '=';
	}
	*out = '\0';
	return encoded;
}

static bool
note_problem(const char *what, const char *why)
{
	snprintf(problem, sizeof(problem), "credentials file \"%s\" %s%s%s", loaded_path, what,
	         why[0] != '\0' ? ": " : "", why);
	return false;
}

/* The rule of the server for its own keys: ours alone, or of root and at most our group's to read.
 */
static bool
is_private(const struct stat *file)
{
	if (!S_ISREG(file->st_mode))
		return note_problem("is not a regular file", "");
	if (file->st_uid != geteuid() && file->st_uid != 0)
		return note_problem("belongs to another user", "");
	if ((file->st_uid == geteuid() && (file->st_mode & (S_IRWXG | S_IRWXO)) != 0) ||
	    (file->st_uid == 0 && (file->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0))
		return note_problem("has group or world access; permissions should be u=rw (0600)", "");
	if (file->st_size > MAX_FILE_BYTES)
		return note_problem("is too large", "");
	return true;
}

/* All of the file, ended by a zero; NULL with the problem noted. */
static char *
read_file(void)
{
	char *content = palloc0(MAX_FILE_BYTES + 1);
	int fd = open(loaded_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat opened;
	ssize_t size = -1;

	if (fd < 0 || fstat(fd, &opened) != 0)
		note_problem("cannot be opened", strerror(errno));
	else if (is_private(&opened))
	{
		size = read(fd, content, MAX_FILE_BYTES);
		if (size < 0)
			note_problem("cannot be read", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return size < 0 ? NULL : content;
}

static void
add_line(const char *line)
{
	bool bearer = pg_strncasecmp(line, BEARER, strlen(BEARER)) == 0;
	Credential *credential = &credentials[ncredentials++];

	credential->scheme = bearer ? "Bearer" : "Basic";
	credential->proof = bearer ? pstrdup(line + strlen(BEARER)) : encode_base64(line);
	any_basic |= !bearer;
}

/* A line that is neither ends it: whoever wrote it thinks that it keeps somebody out, or lets in.
 */
static bool
take_lines(char *content)
{
	int number = 0;
	char where[32];

	while (content != NULL)
	{
		char *line = strsep(&content, "\n");
		char *colon = strchr(line, ':');

		number++;
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		snprintf(where, sizeof(where), "line %d", number);
		if (colon == NULL || colon == line || colon[1] == '\0')
			return note_problem("has a line that is neither user:password nor bearer:token", where);
		add_line(line);
	}
	if (ncredentials == 0)
		return note_problem("has no line user:password or bearer:token", "");
	return true;
}

static bool
load(void)
{
	MemoryContext caller;
	char *content;
	bool done;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "dbops gateway credentials",
		                                ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	ncredentials = 0;
	any_basic = false;
	caller = MemoryContextSwitchTo(context);
	content = read_file();
	if (content != NULL)
		credentials = palloc(sizeof(Credential) * (MAX_FILE_BYTES / 3 + 1));
	done = content != NULL && take_lines(content);
	MemoryContextSwitchTo(caller);
	return done;
}

static bool
is_loaded(const char *path, const struct stat *found)
{
	return strcmp(path, loaded_path) == 0 && found->st_dev == loaded.st_dev &&
	       found->st_ino == loaded.st_ino && found->st_size == loaded.st_size &&
	       found->st_mode == loaded.st_mode && found->st_uid == loaded.st_uid &&
	       found->st_mtim.tv_sec == loaded.st_mtim.tv_sec &&
	       found->st_mtim.tv_nsec == loaded.st_mtim.tv_nsec &&
	       found->st_ctim.tv_sec == loaded.st_ctim.tv_sec &&
	       found->st_ctim.tv_nsec == loaded.st_ctim.tv_nsec;
}

CredentialsState
dbops_credentials_refresh(const char *path)
{
	struct stat found = {0};
	char before[sizeof(problem)];

	if (path[0] == '\0')
	{
		loaded_path[0] = '\0';
		problem[0] = '\0';
		ncredentials = 0;
		return state = CREDENTIALS_NONE;
	}
	/* What cannot be found is zeros, and is looked for again when there is something. */
	if (stat(path, &found) != 0)
		memset(&found, 0, sizeof(found));
	if (state != CREDENTIALS_NONE && is_loaded(path, &found))
		return state;

	strlcpy(loaded_path, path, sizeof(loaded_path));
	loaded = found;
	strlcpy(before, problem, sizeof(before));
	problem[0] = '\0';
	state = load() ? CREDENTIALS_LOADED : CREDENTIALS_FAILED;
	if (state == CREDENTIALS_FAILED && strcmp(before, problem) != 0)
		ereport(WARNING, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("dbops gateway: %s", problem),
		                  errhint("Nobody is answered until it is mended.")));
	return state;
}

CredentialsState
dbops_credentials_state(void)
{
	return state;
}

const char *
dbops_credentials_problem(void)
{
	return problem;
}

/* ---- comparing ---- */

/* Takes a time that depends on the length of what was given, and on nothing else. */
static bool
is_same(const char *given, const char *expected)
{
	size_t given_size = strlen(given);
	size_t size = strlen(expected);
	unsigned char difference = given_size != size;

	for (size_t i = 0; i < given_size; i++)
		difference |= (unsigned char) given[i] ^ (unsigned char) expected[i < size ? i : 0];
	return difference == 0;
}

bool
dbops_credentials_admit(const char *header)
{
	const char *proof;
	size_t scheme;
	bool admitted = false;

	if (state == CREDENTIALS_NONE)
		return true;
	if (state != CREDENTIALS_LOADED || header == NULL)
		return false;
	scheme = strcspn(header, " ");
	proof = header + scheme + strspn(header + scheme, " ");
	for (int i = 0; i < ncredentials; i++)
	{
		const Credential *credential = &credentials[i];
		bool same = is_same(proof, credential->proof);

		if (scheme == strlen(credential->scheme) &&
		    pg_strncasecmp(header, credential->scheme, scheme) == 0)
			admitted |= same;
	}
	return admitted;
}

const char *
dbops_credentials_challenge(void)
{
	return any_basic ? "Basic realm=\"dbops\", charset=\"UTF-8\"" : "Bearer realm=\"dbops\"";
}
