/*
 * judge/checks.h
 *		The tables of checks, one for each file checks_*.c.
 */
#pragma once

#include "judge/check.h"

typedef struct CheckTable
{
	const Check *checks;
	int count;
} CheckTable;

#define CHECK_TABLE(list)      \
	{                          \
		(list), lengthof(list) \
	}

extern const CheckTable dbops_checks_advice;
extern const CheckTable dbops_checks_archive;
extern const CheckTable dbops_checks_machine;
extern const CheckTable dbops_checks_server;
extern const CheckTable dbops_checks_database;
extern const CheckTable dbops_checks_relation;
extern const CheckTable dbops_checks_statement;
extern const CheckTable dbops_checks_setting;
extern const CheckTable dbops_checks_backup;
extern const CheckTable dbops_checks_backup_tool;
extern const CheckTable dbops_checks_self;
extern const CheckTable dbops_checks_replication;
