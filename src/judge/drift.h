/*
 * judge/drift.h
 *		Which settings differ from what was accepted, or on a standby from its primary's: facts in,
 *		a board out.
 *
 * Pure: what is known of the settings is gathered by drift_facts.h.
 */
#pragma once

#include "store/setting_board.h"

/* A setting as it is somewhere, or as it was accepted. */
typedef struct KnownSetting
{
	SettingScope scope;
	Oid datid;
	Oid roleid;
	const char *name;
	const char *value;
	bool is_set;          /* by somebody, to another value than the built-in one */
	TimestampTz since_at; /* 0: unknown */
	bool elsewhere;       /* accepted on another server */
} KnownSetting;

typedef struct KnownSettings
{
	KnownSetting *items;
	int count;
} KnownSettings;

/*
 * With what was accepted: a setting that was not should not be set.  Accepted on another server,
 * what names and places it is not compared.  Sorts both lists.
 */
extern void
dbops_drift_from_accepted(KnownSettings present, KnownSettings accepted, SettingBoard *board);

/*
 * With a primary's settings, of which those count by which a standby cannot replay, or would do
 * other things than its primary in its place.  One that is not known to be anything is left out.
 */
extern void
dbops_drift_from_primary(KnownSettings present, KnownSettings primary, SettingBoard *board);

/* The names of the settings that count, NULL at the end. */
extern const char *const *dbops_drift_of_standbys(void);
