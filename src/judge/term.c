/*
 * judge/term.c
 *		Columns as numbers; see term.h.
 */
#include "postgres.h"

#include "judge/term.h"
#include "store/derived.h"
#include "store/registry.h"

#define RATE_SUFFIX "_per_second"
#define US_PER_SECOND 1e6

static int
find_derived(const Family *family, const char *column)
{
	for (int i = 0; i < family->nderived; i++)
	{
		if (strcmp(family->derived[i].name, column) == 0)
			return i;
	}
	return -1;
}

static int
find_rate(const Family *family, const char *column)
{
	Size length = strlen(column);
	Size suffix = strlen(RATE_SUFFIX);

	if (length <= suffix || strcmp(column + length - suffix, RATE_SUFFIX) != 0)
		return -1;
	return dbops_family_metric(family, pnstrdup(column, length - suffix));
}

Term
dbops_term_resolve(const Family *family, const char *column)
{
	int index;

	if ((index = dbops_family_metric(family, column)) >= 0)
		return (Term){TERM_METRIC, index};
	if ((index = find_derived(family, column)) >= 0)
		return (Term){TERM_DERIVED, index};
	if ((index = find_rate(family, column)) >= 0)
		return (Term){TERM_RATE, index};
	elog(ERROR, "family \"%s\" has no column \"%s\"", family->name, column);
}

void
dbops_term_mark(const Family *family, Term term, bool *wanted)
{
	if (term.kind == TERM_DERIVED)
		dbops_derived_mark(family, &family->derived[term.index], wanted);
	else
		wanted[term.index] = true;
}

static bool
metric_value(const Fact *fact, int index, double *value)
{
	const Metric *metric = &fact->family->metrics[index];
	int64 stored = fact->values[index];

	if (stored == FAMILY_NULL)
		return false;
	*value = metric->kind == METRIC_TIMESTAMP ? (double) (fact->now - stored) / US_PER_SECOND :
	                                            dbops_metric_value(metric, stored);
	return true;
}

bool
dbops_term_value(const Fact *fact, Term term, double *value)
{
	if (term.kind == TERM_DERIVED)
		return dbops_derived_value(fact->family, &fact->family->derived[term.index], fact->values,
		                           fact->covers_us, value);
	if (!metric_value(fact, term.index, value))
		return false;
	if (term.kind == TERM_METRIC)
		return true;
	if (fact->covers_us <= 0)
		return false;
	*value /= (double) fact->covers_us / US_PER_SECOND;
	return true;
}

const char *
dbops_term_unit(const Family *family, Term term)
{
	if (term.kind == TERM_DERIVED)
		return family->derived[term.index].unit;
	if (term.kind == TERM_RATE)
		return psprintf("%s/s", family->metrics[term.index].unit);
	return family->metrics[term.index].kind == METRIC_TIMESTAMP ? "seconds" :
	                                                              family->metrics[term.index].unit;
}

bool
dbops_term_is_instant(const Family *family, Term term)
{
	return term.kind == TERM_METRIC && family->metrics[term.index].kind == METRIC_TIMESTAMP;
}

const char *
dbops_term_word(const Fact *fact, Term term)
{
	const Metric *metric = &fact->family->metrics[term.index];

	if (term.kind != TERM_METRIC || metric->words == NULL ||
	    fact->values[term.index] == FAMILY_NULL)
		return NULL;
	return dbops_word(metric->words, fact->values[term.index]);
}

bool
dbops_term_get(const Fact *fact, const char *column, double *value)
{
	return dbops_term_value(fact, dbops_term_resolve(fact->family, column), value);
}

bool
dbops_term_percent(const Fact *fact, const char *of, const char *per, double *percent)
{
	double total;

	if (!dbops_term_get(fact, of, percent) || !dbops_term_get(fact, per, &total) || total == 0)
		return false;
	*percent = 100 * *percent / total;
	return true;
}

bool
dbops_term_sum(const Fact *fact, const char *const *columns, double *sum)
{
	bool known = false;

	*sum = 0;
	for (int i = 0; columns[i] != NULL; i++)
	{
		double value;

		if (!dbops_term_get(fact, columns[i], &value))
			continue;
		*sum += value;
		known = true;
	}
	return known;
}
