/*
 * store/setting_board.h
 *		How the settings compare with what they should be: a board in shared memory.
 *
 * The keeper compares, as what was accepted stands in a table; checks, families and sessions look
 * here, also on a standby.  One LWLock, held for a copy.
 */
#pragma once

#include "datatype/timestamp.h"

/* The most the board takes, those that differ first. */
#define BOARD_SETTINGS 256

/* What stands for a value where nothing is set. */
#define SETTING_UNSET "<default>"

typedef enum SettingScope
{
	SETTINGS_OF_SERVER,
	SETTINGS_OF_ALL_ROLES,
	SETTINGS_OF_DATABASE,
	SETTINGS_OF_ROLE,
	SETTINGS_OF_ROLE_IN_DATABASE,
} SettingScope;

/* The words that dbops.settings has for them. */
extern const char *const dbops_setting_scopes[];

typedef enum SettingMeasure
{
	MEASURE_ACCEPTED, /* what an operator has accepted */
	MEASURE_PRIMARY,  /* on a standby: what its primary has */
} SettingMeasure;

typedef enum SettingDifference
{
	SETTING_SAME,
	SETTING_DIFFERS,
	SETTING_TOO_SMALL, /* for the WAL of the primary to be replayed */
} SettingDifference;

typedef struct ComparedSetting
{
	SettingScope scope;
	Oid datid;
	Oid roleid;
	SettingDifference difference;
	char name[64];
	char expected[96]; /* SETTING_UNSET: it should not be set */
	char setting[96];
	TimestampTz since_at; /* since when it is known to be so; 0: unknown */
} ComparedSetting;

typedef struct SettingBoard
{
	SettingMeasure measure;
	int count; /* 0: there is nothing to compare with */
	ComparedSetting settings[BOARD_SETTINGS];
} SettingBoard;

extern Size dbops_setting_board_shmem_size(void);
extern void dbops_setting_board_shmem_init(void);

extern void dbops_setting_board_publish(const SettingBoard *content);

/* A copy in the current context; NULL without preloading. */
extern SettingBoard *dbops_setting_board_copy(void);
