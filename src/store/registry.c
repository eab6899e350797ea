/*
 * store/registry.c
 *		The list of all families; see registry.h.
 */
#include "postgres.h"

#include "store/registry.h"

static const Family *const *registry = NULL;
static int registry_count = 0;

static void
check_family(const Family *family)
{
	for (int i = 0; i < family->nmetrics; i++)
	{
		if (family->metrics[i].id <= 0 ||
		    dbops_family_metric_by_id(family, family->metrics[i].id) != i ||
		    dbops_family_metric(family, family->metrics[i].name) != i)
			elog(FATAL, "family \"%s\": metric \"%s\" has no id or name of its own", family->name,
			     family->metrics[i].name);
	}
	for (int i = 0; i < family->nderived; i++)
	{
		const Derived *derived = &family->derived[i];

		for (int t = 0; t < DERIVED_TERMS; t++)
		{
			if ((derived->of[t] && dbops_family_metric(family, derived->of[t]) < 0) ||
			    (derived->per[t] && dbops_family_metric(family, derived->per[t]) < 0))
				elog(FATAL, "family \"%s\": derived column \"%s\" has an unknown term",
				     family->name, derived->name);
		}
	}
}

void
dbops_registry_set(const Family *const *families, int nfamilies)
{
	registry = families;
	registry_count = nfamilies;
	for (int i = 0; i < nfamilies; i++)
	{
		if (dbops_registry_index(families[i]) != i ||
		    dbops_registry_by_id(families[i]->id) != families[i] ||
		    dbops_registry_by_name(families[i]->name) != families[i])
			elog(FATAL, "family \"%s\" has no id or name of its own", families[i]->name);
		check_family(families[i]);
	}
}

int
dbops_registry_count(void)
{
	return registry_count;
}

const Family *
dbops_registry_at(int index)
{
	Assert(index >= 0 && index < registry_count);
	return registry[index];
}

int
dbops_registry_index(const Family *family)
{
	for (int i = 0; i < registry_count; i++)
	{
		if (registry[i] == family)
			return i;
	}
	elog(ERROR, "family \"%s\" is not registered", family->name);
}

const Family *
dbops_registry_by_name(const char *name)
{
	for (int i = 0; i < registry_count; i++)
	{
		if (strcmp(registry[i]->name, name) == 0)
			return registry[i];
	}
	return NULL;
}

const Family *
dbops_registry_by_id(int16 id)
{
	for (int i = 0; i < registry_count; i++)
	{
		if (registry[i]->id == id)
			return registry[i];
	}
	return NULL;
}

int
dbops_family_metric(const Family *family, const char *name)
{
	for (int i = 0; i < family->nmetrics; i++)
	{
		if (strcmp(family->metrics[i].name, name) == 0)
			return i;
	}
	return -1;
}

int
dbops_family_metric_by_id(const Family *family, int16 id)
{
	/* Ids usually count the metrics from 1. */
	if (id >= 1 && id <= family->nmetrics && family->metrics[id - 1].id == id)
		return id - 1;
	for (int i = 0; i < family->nmetrics; i++)
	{
		if (family->metrics[i].id == id)
			return i;
	}
	return -1;
}

int
dbops_family_text_labels(const Family *family)
{
	int count = 0;

	for (int i = 0; i < family->nlabels; i++)
		count += family->labels[i].type == LABEL_TEXT;
	return count;
}

int
dbops_word_number(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
	{
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

const char *
dbops_word(const char *const *words, int64 number)
{
	for (int i = 0; words[i] != NULL; i++)
	{
		if (i == number)
			return words[i];
	}
	return NULL;
}
