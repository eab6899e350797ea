/*
 * collect/collectors.h
 *		The families dbops collects, one file each.
 */
#pragma once

#include "store/family.h"

extern const Family dbops_family_system;
extern const Family dbops_family_device;
extern const Family dbops_family_filesystem;
extern const Family dbops_family_network;
extern const Family dbops_family_server;
extern const Family dbops_family_database;
extern const Family dbops_family_table;
extern const Family dbops_family_index;
extern const Family dbops_family_statement;
extern const Family dbops_family_plan;
extern const Family dbops_family_error;
extern const Family dbops_family_self;
extern const Family dbops_family_io;
extern const Family dbops_family_progress;
extern const Family dbops_family_lock;
extern const Family dbops_family_connection;
extern const Family dbops_family_login;
extern const Family dbops_family_slru;
extern const Family dbops_family_function;
extern const Family dbops_family_replication;
extern const Family dbops_family_slot;
extern const Family dbops_family_receiver;
extern const Family dbops_family_subscription;
extern const Family dbops_family_conflict;
extern const Family dbops_family_recovery;
extern const Family dbops_family_setting;
extern const Family dbops_family_sequence;
extern const Family dbops_family_integer_key;
extern const Family dbops_family_autovacuum;
extern const Family dbops_family_wait;
extern const Family dbops_family_blocking;
extern const Family dbops_family_verdict;
extern const Family dbops_family_health;
extern const Family dbops_family_backup_repository;
extern const Family dbops_family_verification;
extern const Family dbops_family_setting_drift;
extern const Family dbops_family_archiver;
extern const Family dbops_family_backup;

/* Positions of labels in the keys of the family statement. */
#define STATEMENT_LABEL_DATID 0
#define STATEMENT_LABEL_QUERYID 2

/* Hands all of the above to the registry. */
extern void dbops_collectors_register(void);
