/*
 * advise/index_script.c
 *		Scripts that make indexes; see index_script.h.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/index_script.h"
#include "advise/partition_index.h"

bool
dbops_index_script_hold(Oid relid)
{
	return ConditionalLockRelationOid(relid, AccessShareLock) &&
	       SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid));
}

static char *
qualify(Oid table, const char *name)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), name);
}

/* "CREATE INDEX name ON ONLY table …" of what is "CREATE INDEX name ON table …". */
static void
append_only(StringInfo script, const IndexSpec *spec, const char *name)
{
	char *head = psprintf("CREATE INDEX %s ON ", quote_identifier(name));
	char *whole = dbops_index_spec_ddl(spec, name, false);

	Assert(strncmp(whole, head, strlen(head)) == 0);
	appendStringInfo(script, "%sONLY %s", head, whole + strlen(head));
}

/* Foreign tables have none, and are no part of it. */
static bool
has_index(Oid table)
{
	char relkind = get_rel_relkind(table);

	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE;
}

/* That of a partition, and what its own partitions need before; then it is a part of the whole. */
static void
append_part(StringInfo script, const IndexSpec *whole, const char *name, Oid table, List **taken)
{
	IndexSpec *spec = dbops_partition_spec(whole, table);
	char *part;

	if (spec == NULL || !has_index(table))
		return;
	part = dbops_index_spec_name(spec, taken);
	appendStringInfoString(script, ";\n");
	if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
	{
		ListCell *lc;

		append_only(script, spec, part);
		foreach (lc, find_inheritance_children(table, NoLock))
			append_part(script, spec, part, lfirst_oid(lc), taken);
	}
	else
		appendStringInfoString(script, dbops_index_spec_ddl(spec, part, true));
	appendStringInfo(script, ";\nALTER INDEX %s ATTACH PARTITION %s", qualify(whole->table, name),
	                 qualify(table, part));
}

static IndexScript
write_script(const IndexSpec *spec, const char *name, List **taken)
{
	IndexScript script = {0};
	StringInfoData create;
	ListCell *lc;

	if (get_rel_relkind(spec->table) != RELKIND_PARTITIONED_TABLE)
	{
		script.create = dbops_index_spec_ddl(spec, name, true);
		script.drop = psprintf("DROP INDEX CONCURRENTLY %s", qualify(spec->table, name));
		return script;
	}
	script.drop = psprintf("DROP INDEX %s", qualify(spec->table, name));
	script.blocks =
	    list_length(find_all_inheritors(spec->table, NoLock, NULL)) > SCRIPT_MAX_PARTITIONS + 1;
	if (script.blocks)
	{
		script.create = dbops_index_spec_ddl(spec, name, false);
		return script;
	}
	initStringInfo(&create);
	append_only(&create, spec, name);
	foreach (lc, find_inheritance_children(spec->table, NoLock))
		append_part(&create, spec, name, lfirst_oid(lc), taken);
	script.create = create.data;
	return script;
}

IndexScript
dbops_index_script_of(const IndexSpec *spec, List **taken)
{
	return write_script(spec, dbops_index_spec_name(spec, taken), taken);
}

IndexScript
dbops_index_script_of_existing(Oid indexid, const IndexSpec *spec, const char *definition)
{
	static const char head[] = "CREATE INDEX ";
	List *taken = NIL;
	IndexScript script = write_script(spec, get_rel_name(indexid), &taken);

	if (get_rel_relkind(indexid) == RELKIND_PARTITIONED_INDEX)
		return script;
	Assert(strncmp(definition, head, strlen(head)) == 0);
	script.create = psprintf("%sCONCURRENTLY %s", head, definition + strlen(head));
	return script;
}
