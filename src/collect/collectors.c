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
    /* One a line, by id, so that a new one changes no other line. */
    /* clang-format off */
    &dbops_family_system,
    &dbops_family_device,
    &dbops_family_filesystem,
    &dbops_family_network,
    &dbops_family_server,
    &dbops_family_database,
    &dbops_family_table,
    &dbops_family_index,
    &dbops_family_statement,
    &dbops_family_error,
    &dbops_family_self,
    &dbops_family_wait,
    &dbops_family_blocking,
    &dbops_family_lock,
    &dbops_family_io,
    &dbops_family_slru,
    &dbops_family_function,
    &dbops_family_replication,
    &dbops_family_slot,
    &dbops_family_receiver,
    &dbops_family_subscription,
    &dbops_family_conflict,
    &dbops_family_recovery,
    &dbops_family_progress,
    &dbops_family_setting,
    &dbops_family_connection,
    &dbops_family_login,
    &dbops_family_sequence,
    &dbops_family_integer_key,
    &dbops_family_autovacuum,
    &dbops_family_plan,
    &dbops_family_archiver,
    &dbops_family_verdict,
    &dbops_family_health,
    &dbops_family_backup,
    &dbops_family_backup_repository,
    &dbops_family_verification,
    &dbops_family_setting_drift,
    /* clang-format on */
};

void
dbops_collectors_register(void)
{
	dbops_registry_set(families, lengthof(families));
}
