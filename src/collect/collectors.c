/*
 * collect/collectors.c
 *		The list of families.
 *
 * A file of its own because it is the one place where a new source is named.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "store/registry.h"

static const Family *const families[] = {
    &dbops_family_system,     &dbops_family_device, &dbops_family_filesystem,
    &dbops_family_network,    &dbops_family_server, &dbops_family_database,
    &dbops_family_table,      &dbops_family_index,  &dbops_family_statement,
    &dbops_family_error,      &dbops_family_self,   &dbops_family_slru,
    &dbops_family_function,   &dbops_family_lock,   &dbops_family_login,
    &dbops_family_connection, &dbops_family_io,     &dbops_family_progress,
};

void
dbops_collectors_register(void)
{
	dbops_registry_set(families, lengthof(families));
}
