/*
 * advise/operator_class.c
 *		Operator classes by what they do; see operator_class.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_opclass.h"
#include "parser/parse_coerce.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "advise/operator_class.h"

Oid
dbops_operator_class_btree(Oid type)
{
	const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	CatCList *list;
	Oid found = InvalidOid;

	if (!OidIsValid(entry->btree_opf))
		return InvalidOid;
	list = SearchSysCacheList1(CLAAMNAMENSP, ObjectIdGetDatum(BTREE_AM_OID));
	for (int i = 0; i < list->n_members && !OidIsValid(found); i++)
	{
		Form_pg_opclass form = (Form_pg_opclass) GETSTRUCT(&list->members[i]->tuple);

		if (form->opcdefault && form->opcfamily == entry->btree_opf &&
		    form->opcintype == entry->btree_opintype)
			found = form->oid;
	}
	ReleaseCatCacheList(list);
	return found;
}

static bool
has_operator(Oid family, Oid operator, char purpose)
{
	return SearchSysCacheExists3(AMOPOPID, ObjectIdGetDatum(operator), CharGetDatum(purpose),
	                             ObjectIdGetDatum(family));
}

static List *
find_classes(Oid am, Oid type, Oid operator, char purpose)
{
	CatCList *list = SearchSysCacheList1(CLAAMNAMENSP, ObjectIdGetDatum(am));
	List *found = NIL;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_opclass form = (Form_pg_opclass) GETSTRUCT(&list->members[i]->tuple);

		if (!has_operator(form->opcfamily, operator, purpose) ||
		    !IsBinaryCoercible(type, form->opcintype))
			continue;
		if (form->opcdefault)
			found = lcons_oid(form->oid, found);
		else
			found = lappend_oid(found, form->oid);
	}
	ReleaseCatCacheList(list);
	return found;
}

List *
dbops_operator_class_search(Oid am, Oid type, Oid operator)
{
	return find_classes(am, type, operator, AMOP_SEARCH);
}

List *
dbops_operator_class_order(Oid am, Oid type, Oid operator)
{
	return find_classes(am, type, operator, AMOP_ORDER);
}

bool
dbops_operator_class_is_distance(Oid operator)
{
	CatCList *list =
	    SearchSysCacheList2(AMOPOPID, ObjectIdGetDatum(operator), CharGetDatum(AMOP_ORDER));
	bool found = list->n_members > 0;

	ReleaseCatCacheList(list);
	return found;
}
