/*
 * gateway/gzip.c
 *		Answers in gzip; see gzip.h.
 *
 * Memory is malloc()'s, as libmicrohttpd frees what it has sent.
 */
#include "postgres.h"

#include <zlib.h>

#include "gateway/gzip.h"

/* Metrics are much alike: level 2 gets nearly all there is, at half the time of zlib's default. */
#define LEVEL 2

#define GZIP_WINDOW (15 + 16)
#define MEMORY 8

#define BLANKS " \t"

/* A weight of zero, in any of its spellings, is a refusal. */
static bool
is_refused(const char *parameters, const char *end)
{
	const char *at = parameters;

	while (at < end && (*at == ';' || *at == ' ' || *at == '\t'))
		at++;
	if (end - at < 3 || (*at != 'q' && *at != 'Q') || at[1] != '=' || at[2] != '0')
		return false;
	for (at += 3; at < end; at++)
	{
		if (*at >= '1' && *at <= '9')
			return false;
	}
	return true;
}

static bool
is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && pg_strncasecmp(word, expected, length) == 0;
}

bool
dbops_gzip_is_accepted(const char *header)
{
	bool by_any = false;

	while (header != NULL && *header != '\0')
	{
		const char *word = header + strspn(header, BLANKS ",");
		size_t length = strcspn(word, BLANKS ",;");
		const char *end = word + strcspn(word, ",");

		if (is_word(word, length, "gzip") || is_word(word, length, "x-gzip"))
			return !is_refused(word + length, end);
		if (is_word(word, length, "*"))
			by_any = !is_refused(word + length, end);
		header = end;
	}
	return by_any;
}

char *
dbops_gzip_compress(const char *data, size_t size, size_t *compressed)
{
	z_stream stream = {0};
	size_t room;
	char *out;
	char *fitted;
	int result;

	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	room = deflateBound(&stream, size);
	out = malloc(room);
	if (out == NULL)
	{
		deflateEnd(&stream);
		return NULL;
	}
	stream.next_in = (Bytef *) data;
	stream.avail_in = size;
	stream.next_out = (Bytef *) out;
	stream.avail_out = room;
	result = deflate(&stream, Z_FINISH);
	*compressed = stream.total_out;
	deflateEnd(&stream);
	if (result != Z_STREAM_END)
	{
		free(out);
		return NULL;
	}
	/* It was room for what cannot be compressed at all. */
	fitted = realloc(out, *compressed);
	return fitted != NULL ? fitted : out;
}
