/*
 * advise/passed_over.c
 *		Tables that advice is not for; see passed_over.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/passed_over.h"

/* A table of so few pages is read as fast as an index of it. */
#define FEW_PAGES 8

double
dbops_passed_over_pages(const PlannerInfo *root, const RelOptInfo *rel)
{
	double pages = rel->pages;

	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		const RelOptInfo *child = root->simple_rel_array[i];

		if (child != NULL && child->reloptkind == RELOPT_OTHER_MEMBER_REL &&
		    bms_is_member(rel->relid, child->top_parent_relids))
			pages += child->pages;
	}
	return pages;
}

static bool
is_own(Oid schema)
{
	const char *name = get_namespace_name(schema);

	return name != NULL && (strcmp(name, "dbops") == 0 || strcmp(name, "information_schema") == 0);
}

const char *
dbops_passed_over_reason(const PlannerInfo *root, const RelOptInfo *rel, Oid table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	const char *reason = NULL;
	Form_pg_class form;

	if (!HeapTupleIsValid(tuple))
		return "it is gone";
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW &&
	    form->relkind != RELKIND_PARTITIONED_TABLE)
		reason = "it is no table";
	else if (IsCatalogRelationOid(table) || IsToastNamespace(form->relnamespace) ||
	         is_own(form->relnamespace))
		reason = "it is of the system";
	else if (form->relpersistence == RELPERSISTENCE_TEMP)
		reason = "it is temporary";
	else if (form->relkind != RELKIND_PARTITIONED_TABLE && form->reltuples < 0)
		reason = "it was never analyzed";
	else if (dbops_passed_over_pages(root, rel) <= FEW_PAGES)
		reason = "it is so small that reading all of it is as fast";
	ReleaseSysCache(tuple);
	return reason;
}
