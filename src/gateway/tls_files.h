/*
 * gateway/tls_files.h
 *		The certificate and the key for encrypted connections, in memory.
 *
 * A file of its own because libmicrohttpd takes texts, and who may read a key is to be looked at.
 */
#pragma once

typedef struct TlsFiles
{
	char *certificate; /* PEM, of malloc(); NULL: not encrypted */
	char *key;
} TlsFiles;

/*
 * Reads both; without paths there are none.  False, with the problem in words, if one is missing,
 * unreadable, or a key that others may read.
 */
extern bool dbops_tls_files_read(const char *certificate_path, const char *key_path,
                                 TlsFiles *files, char *problem, size_t size);
extern bool dbops_tls_files_same(const TlsFiles *a, const TlsFiles *b);
extern void dbops_tls_files_free(TlsFiles *files);
