/*
 * judge/family_rows.c
 *		What a family has at the moment, or had at last; see family_rows.h.
 */
#include "postgres.h"

#include "core/clock.h"
#include "judge/family_rows.h"
#include "store/history.h"
#include "store/node.h"
#include "store/registry.h"

#define WEEK_US (7 * USECS_PER_DAY)

static const Family *
find_family(const char *name)
{
	const Family *family = dbops_registry_by_name(name);

	if (family == NULL)
		elog(ERROR, "no family \"%s\"", name);
	return family;
}

FamilyRows
dbops_family_rows_read(const char *family)
{
	FamilyRows rows = {.family = find_family(family)};

	rows.frame = dbops_frame_create(rows.family);
	rows.family->read(rows.frame);
	rows.count = rows.frame->nrows;
	return rows;
}

FamilyRows
dbops_family_rows_last(const char *family, int label, const char *label_text)
{
	FamilyRows rows = {.family = find_family(family)};
	TimestampTz now = dbops_clock_now();
	int64 hash = dbops_entity_hash(label_text);
	/* By hours: a row of many samples has the last one's values. */
	HistoryQuery query = {.family = rows.family,
	                      .from = now - WEEK_US,
	                      .to = now,
	                      .step_us = USECS_PER_HOUR,
	                      .node = dbops_node_name()};
	TimestampTz last_at = 0;
	HistoryScan *scan;
	const HistoryRow *row;

	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		query.labels[i].nvalues = -1;
	query.labels[label] = (LabelFilter){.nvalues = 1, .values = &hash};
	rows.frame = dbops_frame_create(rows.family);
	scan = dbops_history_begin(&query);
	while ((row = dbops_history_next(scan)) != NULL)
	{
		if (row->at < last_at)
			continue;
		last_at = row->at;
		dbops_frame_reset(rows.frame);
		memcpy(dbops_frame_append(rows.frame, row->key, row->texts), row->values,
		       sizeof(int64) * rows.family->nmetrics);
	}
	dbops_history_end(scan);
	rows.count = rows.frame->nrows;
	return rows;
}

static int
find_metric(const FamilyRows *rows, const char *name)
{
	int metric = dbops_family_metric(rows->family, name);

	if (metric < 0)
		elog(ERROR, "family \"%s\" has no metric \"%s\"", rows->family->name, name);
	return metric;
}

int64
dbops_family_rows_value(const FamilyRows *rows, int row, const char *metric)
{
	return dbops_frame_row(rows->frame, row)[find_metric(rows, metric)];
}

TimestampTz
dbops_family_rows_instant(const FamilyRows *rows, int row, const char *metric)
{
	int64 value = dbops_family_rows_value(rows, row, metric);

	return value == FAMILY_NULL ? 0 : value;
}

const char *
dbops_family_rows_word(const FamilyRows *rows, int row, const char *column)
{
	const Family *family = rows->family;
	int64 value;

	for (int i = 0; i < family->nlabels; i++)
	{
		if (strcmp(family->labels[i].name, column) == 0)
			return dbops_word(family->labels[i].words, rows->frame->keys[row].num[i]);
	}
	value = dbops_family_rows_value(rows, row, column);
	return value == FAMILY_NULL ?
	           NULL :
	           dbops_word(family->metrics[find_metric(rows, column)].words, value);
}

const char *
dbops_family_rows_text(const FamilyRows *rows, int row, int n)
{
	return dbops_texts_at(rows->frame->texts[row], n);
}
