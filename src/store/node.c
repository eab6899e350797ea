/*
 * store/node.c
 *		Which server a piece of history is about; see node.h.
 */
#include "postgres.h"

#include <unistd.h>

#include "catalog/pg_type_d.h"
#include "postmaster/postmaster.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "core/guc.h"
#include "core/spi.h"
#include "store/node.h"
#include "store/resolution.h"

#define NODE_NAME_SIZE 256

static const char *const find_node = "SELECT id FROM dbops.node WHERE name = $1";

static const char *const last_node = "SELECT id FROM dbops.node ORDER BY id DESC LIMIT 1";

static const char *const add_node = "INSERT INTO dbops.node (id, name) VALUES ($1, $2)";

const char *
dbops_node_name(void)
{
	static char name[NODE_NAME_SIZE] = "";

	if (dbops_guc_node_name != NULL && dbops_guc_node_name[0] != '\0')
		return dbops_guc_node_name;
	if (name[0] == '\0')
	{
		char host[NODE_NAME_SIZE - 10];

		if (gethostname(host, sizeof(host)) != 0)
			strlcpy(host, "localhost", sizeof(host));
		host[sizeof(host) - 1] = '\0';
		snprintf(name, sizeof(name), "%s:%d", host, PostPortNumber);
	}
	return name;
}

/* 0: it has no row. */
static int16
find_id(const char *name)
{
	SpiValue param = dbops_spi_text(name);
	SpiRows *rows = dbops_spi_query_now(find_node, &param, 1);
	bool isnull;

	return rows->nrows == 0 ? 0 : DatumGetInt16(dbops_spi_cell(rows, 0, 0, &isnull));
}

bool
dbops_node_is_registered(const char *name)
{
	return find_id(name) != 0;
}

int16
dbops_node_register(const char *name)
{
	int16 id = find_id(name);
	SpiRows *rows;
	bool isnull;

	if (id != 0)
		return id;
	/* Standbys that ship register at the same time as this server. */
	LockRelationOid(dbops_resolution_table_oid("node"), ShareUpdateExclusiveLock);
	id = find_id(name);
	if (id != 0)
		return id;
	rows = dbops_spi_query_now(last_node, NULL, 0);
	id = rows->nrows == 0 ? 1 : DatumGetInt16(dbops_spi_cell(rows, 0, 0, &isnull)) + 1;
	dbops_spi_execute(
	    add_node, (SpiValue[]){{.type = INT2OID, .value = Int16GetDatum(id)}, dbops_spi_text(name)},
	    2);
	return id;
}
