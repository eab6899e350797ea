/*
 * judge/family_rows.h
 *		What a family has at the moment, or had at last, asked for by the names of its columns.
 *
 * A file of its own because judges read several families, and what they ask for is in the registry
 * only.  A name that the family lacks is a bug and an error.
 */
#pragma once

#include "store/frame.h"

typedef struct FamilyRows
{
	const Family *family;
	Frame *frame;
	int count;
} FamilyRows;

/* As things stand; in the current context. */
extern FamilyRows dbops_family_rows_read(const char *family);

/*
 * What this server's history of the last week has at last of the entity whose label, the one at
 * that position, is this text: one row or none.  Needs a snapshot.
 */
extern FamilyRows dbops_family_rows_last(const char *family, int label, const char *label_text);

/* The value of a metric, FAMILY_NULL where it is unknown; 0 for an instant that is. */
extern int64 dbops_family_rows_value(const FamilyRows *rows, int row, const char *metric);
extern TimestampTz dbops_family_rows_instant(const FamilyRows *rows, int row, const char *metric);

/* The word of a metric or label; NULL where it is unknown. */
extern const char *dbops_family_rows_word(const FamilyRows *rows, int row, const char *column);

/* The text of the nth text label. */
extern const char *dbops_family_rows_text(const FamilyRows *rows, int row, int n);
