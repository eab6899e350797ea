/*
 * judge/thresholds.c
 *		The table dbops.thresholds; see thresholds.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"

#include "core/spi.h"
#include "judge/thresholds.h"

static const char edits_query[] =
    "SELECT check_name, datname::pg_catalog.text, object, warning, critical, for_seconds, enabled\n"
    "  FROM dbops.thresholds";

enum
{
	EDIT_CHECK,
	EDIT_DATNAME,
	EDIT_OBJECT,
	EDIT_WARNING,
	EDIT_CRITICAL,
	EDIT_FOR_SECONDS,
	EDIT_ENABLED,
};

typedef struct Edit
{
	const Check *check;
	const char *datname; /* NULL: of every database */
	const char *object;  /* NULL: every object */
	double warning;      /* NaN: as it is without this row */
	double critical;
	int for_s; /* -1: as it is without this row */
	bool enabled;
} Edit;

struct Thresholds
{
	int nedits;
	Edit edits[FLEXIBLE_ARRAY_MEMBER];
};

static const char *
get_text(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static double
get_limit(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

static Edit
get_edit(const SpiRows *rows, uint64 row)
{
	bool isnull;
	Datum for_seconds = dbops_spi_cell(rows, row, EDIT_FOR_SECONDS, &isnull);
	int for_s = isnull ? -1 : DatumGetInt32(for_seconds);

	return (Edit){
	    .check = dbops_checks_by_name(get_text(rows, row, EDIT_CHECK)),
	    .datname = get_text(rows, row, EDIT_DATNAME),
	    .object = get_text(rows, row, EDIT_OBJECT),
	    .warning = get_limit(rows, row, EDIT_WARNING),
	    .critical = get_limit(rows, row, EDIT_CRITICAL),
	    .for_s = for_s,
	    .enabled = DatumGetBool(dbops_spi_cell(rows, row, EDIT_ENABLED, &isnull)),
	};
}

Thresholds *
dbops_thresholds_load(void)
{
	const SpiRows *rows =
	    OidIsValid(get_extension_oid("dbops", true)) ? dbops_spi_query(edits_query, NULL, 0) : NULL;
	uint64 nrows = rows == NULL ? 0 : rows->nrows;
	Thresholds *thresholds = palloc(offsetof(Thresholds, edits) + sizeof(Edit) * nrows);

	thresholds->nedits = (int) nrows;
	for (uint64 i = 0; i < nrows; i++)
		thresholds->edits[i] = get_edit(rows, i);
	return thresholds;
}

bool
dbops_thresholds_limit(const Thresholds *thresholds, const Check *check)
{
	if (!isnan(check->warning) || !isnan(check->critical))
		return true;
	for (int i = 0; i < thresholds->nedits; i++)
	{
		const Edit *edit = &thresholds->edits[i];

		if (edit->check == check && (!isnan(edit->warning) || !isnan(edit->critical)))
			return true;
	}
	return false;
}

bool
dbops_thresholds_name_objects(const Thresholds *thresholds, const Check *check)
{
	for (int i = 0; i < thresholds->nedits; i++)
	{
		const Edit *edit = &thresholds->edits[i];

		if (edit->check == check && edit->object != NULL)
			return true;
	}
	return false;
}

static bool
names_it(const char *edited, const char *name)
{
	return edited == NULL || (name != NULL && strcmp(edited, name) == 0);
}

/* How closely a row names what is judged: more is closer. */
static int
closeness(const Edit *edit)
{
	return (edit->object != NULL ? 2 : 0) + (edit->datname != NULL ? 1 : 0);
}

Limits
dbops_thresholds_find(const Thresholds *thresholds, const Check *check, const char *datname,
                      const char *object)
{
	Limits limits = {.enabled = true,
	                 .warning = check->warning,
	                 .critical = check->critical,
	                 .for_s = check->for_s};

	/* From the row for all to the one for this object, each changes what it says. */
	for (int level = 0; level <= 3; level++)
	{
		for (int i = 0; i < thresholds->nedits; i++)
		{
			const Edit *edit = &thresholds->edits[i];

			if (edit->check != check || closeness(edit) != level ||
			    !names_it(edit->datname, datname) || !names_it(edit->object, object))
				continue;
			limits.enabled = edit->enabled;
			if (!isnan(edit->warning))
				limits.warning = edit->warning;
			if (!isnan(edit->critical))
				limits.critical = edit->critical;
			if (edit->for_s >= 0)
				limits.for_s = edit->for_s;
		}
	}
	return limits;
}
