/*
 * store/grouped_column.c
 *		A column of integers whose rows come in groups; see grouped_column.h.
 */
#include "postgres.h"

#include "store/integer_column.h"
#include "store/family.h"
#include "store/grouped_column.h"

/* First bytes that no column has: one before all groups, one in place of a group's column. */
#define GROUPED 0x06
#define MULTIPLE 0x07 /* followed by the factor, a signed varint */

static int64
multiply(int64 value, int64 factor)
{
	return value == FAMILY_NULL ? FAMILY_NULL : (int64) ((uint64) value * (uint64) factor);
}

/* Whether values[] are a multiple of like[]; a constant is left to its own, shorter encoding. */
static bool
find_factor(const int64 *values, const int64 *like, int64 n, int64 *factor)
{
	bool constant = true;

	if (n == 0 || values[0] == FAMILY_NULL || like[0] == FAMILY_NULL || like[0] == 0 ||
	    like[0] == -1)
		return false;
	*factor = values[0] / like[0];
	for (int64 i = 0; i < n; i++)
	{
		if (multiply(like[i], *factor) != values[i])
			return false;
		constant = constant && values[i] == values[0];
	}
	return !constant;
}

static void
put_groups(StringInfo out, const int64 *values, const RowGroups *groups, const int64 *like)
{
	int64 row = 0;
	int64 factor;

	appendStringInfoChar(out, GROUPED);
	for (int g = 0; g < groups->ngroups; g++)
	{
		int64 size = groups->sizes[g];

		if (like != NULL && find_factor(&values[row], &like[row], size, &factor))
		{
			appendStringInfoChar(out, MULTIPLE);
			dbops_put_signed(out, factor);
		}
		else
			dbops_integer_column_put(out, &values[row], (int) size);
		row += size;
	}
}

void
dbops_grouped_column_put(StringInfo out, const int64 *values, int n, const RowGroups *groups,
                         const int64 *like)
{
	int start = out->len;
	int whole;

	dbops_integer_column_put(out, values, n);
	whole = out->len - start;
	if (groups == NULL || whole <= groups->ngroups + 1)
		return;
	put_groups(out, values, groups, like);
	if (out->len - start - whole < whole)
	{
		memmove(out->data + start, out->data + start + whole, out->len - start - whole);
		out->len -= whole;
	}
	else
		out->len = start + whole;
	out->data[out->len] = '\0';
}

bool
dbops_grouped_column_needs_like(const ByteReader *in)
{
	return dbops_reader_left(in) > 0 && *in->at == GROUPED;
}

void
dbops_grouped_column_get(ByteReader *in, int64 *values, int n, const RowGroups *groups,
                         const int64 *like)
{
	int64 row = 0;

	if (dbops_reader_left(in) == 0 || *in->at != GROUPED)
	{
		dbops_integer_column_get(in, values, n);
		return;
	}
	if (groups == NULL)
		dbops_corrupted("a column without groups is grouped");
	in->at++;
	for (int g = 0; g < groups->ngroups; g++)
	{
		int64 size = groups->sizes[g];

		if (dbops_reader_left(in) == 0 || *in->at != MULTIPLE)
			dbops_integer_column_get(in, &values[row], (int) size);
		else
		{
			int64 factor;

			in->at++;
			factor = dbops_reader_signed(in);
			if (like == NULL)
				dbops_corrupted("a column is a multiple of nothing");
			for (int64 i = row; i < row + size; i++)
				values[i] = multiply(like[i], factor);
		}
		row += size;
	}
	Assert(row == n);
}
