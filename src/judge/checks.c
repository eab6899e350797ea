/*
 * judge/checks.c
 *		The list of all checks, from their tables.
 */
#include "postgres.h"

#include "judge/checks.h"
#include "judge/term.h"

static const CheckTable *const tables[] = {
    /* One a line, so that a new one changes no other line. */
    /* clang-format off */
    &dbops_checks_machine,
    &dbops_checks_server,
    &dbops_checks_database,
    &dbops_checks_relation,
    &dbops_checks_statement,
    &dbops_checks_setting,
    &dbops_checks_replication,
    &dbops_checks_archive,
    &dbops_checks_backup,
    &dbops_checks_backup_tool,
    &dbops_checks_advice,
    &dbops_checks_self,
    /* clang-format on */
};

int
dbops_checks_count(void)
{
	int count = 0;

	for (int i = 0; i < lengthof(tables); i++)
		count += tables[i]->count;
	return count;
}

const Check *
dbops_checks_at(int index)
{
	for (int i = 0; i < lengthof(tables); i++)
	{
		if (index < tables[i]->count)
			return &tables[i]->checks[index];
		index -= tables[i]->count;
	}
	return NULL;
}

const Check *
dbops_checks_by_name(const char *name)
{
	for (int i = 0; i < dbops_checks_count(); i++)
	{
		if (strcmp(dbops_checks_at(i)->name, name) == 0)
			return dbops_checks_at(i);
	}
	return NULL;
}

int
dbops_checks_index(const Check *check)
{
	int before = 0;

	for (int i = 0; i < lengthof(tables); i++)
	{
		if (check >= tables[i]->checks && check < tables[i]->checks + tables[i]->count)
			return before + (int) (check - tables[i]->checks);
		before += tables[i]->count;
	}
	return -1;
}

const char *
dbops_check_unit(const Check *check)
{
	if (check->column == NULL)
		return check->unit;
	return dbops_term_unit(check->family, dbops_term_resolve(check->family, check->column));
}
