/*
 * core/role_settings.c
 *		The rows of pg_db_role_setting; see role_settings.h.
 *
 * The relation cache of a worker without a database knows the few shared catalogs that
 * authentication needs, and no other.  Where the pages of a mapped catalog are, the relation map
 * tells; the lock keeps VACUUM FULL from moving them meanwhile.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "catalog/pg_db_role_setting.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/compat_settings.h"
#include "core/role_settings.h"
#include "core/shared_catalog.h"

/* The array follows the two numbers, which leave it aligned; NULL when there is none. */
static struct varlena *
copy_words(HeapTuple tuple)
{
	const struct varlena *words =
	    (const struct varlena *) ((const char *) GETSTRUCT(tuple) +
	                              offsetof(FormData_pg_db_role_setting, setrole) + sizeof(Oid));
	struct varlena *copy;

	if (HeapTupleHasNulls(tuple) &&
	    att_isnull(Anum_pg_db_role_setting_setconfig - 1, tuple->t_data->t_bits))
		return NULL;
	copy = palloc(VARSIZE_ANY(words));
	memcpy(copy, words, VARSIZE_ANY(words));
	return copy;
}

static List *
add_tuple(List *rows, HeapTuple tuple)
{
	const FormData_pg_db_role_setting *form =
	    (const FormData_pg_db_role_setting *) GETSTRUCT(tuple);
	RoleSettings *row;
	struct varlena *words = copy_words(tuple);

	if (words == NULL)
		return rows;
	row = palloc(sizeof(RoleSettings));
	*row = (RoleSettings){.datid = form->setdatabase, .roleid = form->setrole, .words = words};
	return lappend(rows, row);
}

static List *
read_block(List *rows, BlockNumber block, Snapshot snapshot)
{
	Buffer buffer = dbops_compat_read_shared_block(DbRoleSettingRelationId, block);
	Page page;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
	{
		ItemId item = PageGetItemId(page, offset);
		HeapTupleData tuple = {.t_tableOid = DbRoleSettingRelationId};

		if (!ItemIdIsNormal(item))
			continue;
		ItemPointerSet(&tuple.t_self, block, offset);
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		if (HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
			rows = add_tuple(rows, &tuple);
	}
	UnlockReleaseBuffer(buffer);
	return rows;
}

List *
dbops_role_settings_read(void)
{
	Snapshot snapshot;
	List *rows = NIL;
	BlockNumber blocks;

	dbops_shared_catalog_lock(DbRoleSettingRelationId, "pg_db_role_setting");
	blocks = dbops_compat_shared_blocks(DbRoleSettingRelationId);
	snapshot = RegisterSnapshot(GetCatalogSnapshot(DbRoleSettingRelationId));
	for (BlockNumber block = 0; block < blocks; block++)
		rows = read_block(rows, block, snapshot);
	UnregisterSnapshot(snapshot);
	UnlockRelationOid(DbRoleSettingRelationId, AccessShareLock);
	return rows;
}
