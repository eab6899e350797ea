/*
 * gateway/gzip.h
 *		Answers in gzip: whether a client takes them, and how they are made.
 */
#pragma once

/* Whether a header "Accept-Encoding" (NULL: there is none) allows gzip (RFC 9110, 12.5.3). */
extern bool dbops_gzip_is_accepted(const char *header);

/* The bytes compressed, in memory of malloc(); NULL when there is none. */
extern char *dbops_gzip_compress(const char *data, size_t size, size_t *compressed);
