/*
 * expose/release.h
 *		Whether the library that runs and the extension in this database are of one release.
 *
 * A file of its own beside status because they part in every update: the library is replaced on
 * disk, takes effect when the server restarts, and the tables follow with ALTER EXTENSION.
 */
#pragma once

typedef struct Release
{
	char *library;       /* version that the library was built as */
	char *extension;     /* version of the extension in this database; NULL without it */
	int order;           /* of the library's version against the extension's: < 0 is older */
	int missing_tables;  /* that the library knows and the extension lacks */
	int missing_columns; /* likewise, of tables that are there */
} Release;

/* In the current context; reads the catalog. */
extern Release *dbops_release_compare(void);
