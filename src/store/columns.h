/*
 * store/columns.h
 *		The SQL columns of a family's tables, derived from its descriptor.
 *
 * A file of its own because four readers need the same list: the foreign-data wrapper that declares
 * and fills the columns, dbops.metrics(), the comments on them, and the manual.  There are two
 * tables: the history (dbops.<family>_history) and the present (dbops.<family>_now), which has
 * absolute values and so neither times nor rates.
 */
#pragma once

#include "store/family.h"

typedef enum TableKind
{
	TABLE_HISTORY,
	TABLE_NOW,
} TableKind;

#define TABLE_KINDS 2

/* Those before COLUMN_LABEL belong to the row of a history, whatever the family. */
typedef enum ColumnSource
{
	COLUMN_NODE,
	COLUMN_AT,
	COLUMN_COVERS,
	COLUMN_STEP,
	COLUMN_LATE,
	COLUMN_LABEL,
	COLUMN_DATNAME, /* this and the three below: names that a label's number stands for */
	COLUMN_SCHEMANAME,
	COLUMN_RELNAME,
	COLUMN_ROLNAME,
	COLUMN_METRIC,
	COLUMN_RATE, /* a counter's increase per second */
	COLUMN_DERIVED,
} ColumnSource;

typedef enum ColumnType
{
	COLUMN_BOOLEAN,
	COLUMN_BIGINT,
	COLUMN_FLOAT8,
	COLUMN_OID,
	COLUMN_NAME,
	COLUMN_TEXT,
	COLUMN_TIMESTAMPTZ,
	COLUMN_INTERVAL,
	COLUMN_HISTOGRAM,
} ColumnType;

typedef struct Column
{
	const char *name;
	ColumnType type;
	ColumnSource source;
	int index; /* of the label, metric or derived column it comes from */
	const char *unit;
	const char *help;    /* as in the descriptor */
	const char *comment; /* with unit and meaning */
} Column;

/* Whether there is such a table: the present of some families is known to the sampler alone. */
extern bool dbops_columns_has_table(const Family *family, TableKind kind);

/* The columns in their order, allocated in the current context. */
extern Column *dbops_columns_list(const Family *family, TableKind kind, int *ncolumns);

/* "table_history", allocated in the current context. */
extern char *dbops_columns_table(const Family *family, TableKind kind);

/* The word after the underscore: "history", "now". */
extern const char *dbops_columns_kind_name(TableKind kind);

/* The type as SQL writes it, and its OID (InvalidOid if dbops.histogram does not exist). */
extern const char *dbops_columns_type_name(ColumnType type);
extern Oid dbops_columns_type_oid(ColumnType type);
