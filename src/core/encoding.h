/*
 * core/encoding.h
 *		Texts in shared memory, which come from databases of any encoding.
 */
#pragma once

/* Makes of a text in `encoding` one of this database, in place: what is none here becomes "?". */
extern void dbops_encoding_fit(char *words, int encoding);

/* The length to which a text of this database is cut to fit, never inside a letter. */
extern int dbops_encoding_clip(const char *words, int length, int limit);

/* A text of this database in UTF-8; what has no letter there becomes "?".  Of SQL_ASCII as it is. */
extern char *dbops_encoding_utf8(char *words);
