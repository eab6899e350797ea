/*
 * core/guc.h
 *		The settings of dbops.  One table in guc.c gives each its default, range and text.
 */
#pragma once

#include "core/symbols.h"

/* Anyone may read these; only guc.c's table and the server's GUC machinery write them. */
extern DBOPS_PRIVATE bool dbops_guc_enabled;
extern bool dbops_guc_heartbeat;
extern DBOPS_PRIVATE bool dbops_guc_track;
extern DBOPS_PRIVATE bool dbops_guc_track_planning;
extern bool dbops_guc_capture_values;
extern DBOPS_PRIVATE bool dbops_guc_track_plans;
extern char *dbops_guc_database;
extern char *dbops_guc_node_name;
extern char *dbops_guc_backup_command;
extern char *dbops_guc_http_listen; /* the gateway's other settings are read by the gateway alone */
extern char *dbops_guc_primary_conninfo;
extern int dbops_guc_max_statements;   /* resolved against pg_stat_statements.max at start */
extern int dbops_guc_capture_size;     /* kB */
extern int dbops_guc_sample_interval;  /* seconds */
extern int dbops_guc_wait_interval;    /* ms */
extern int dbops_guc_wide_interval;    /* seconds */
extern int dbops_guc_sample_limit;     /* milliseconds */
extern int dbops_guc_inspect_interval; /* seconds */
extern int dbops_guc_ring_size;        /* kB */
extern int dbops_guc_rpo_objective;    /* seconds, like the next; 0: none */
extern int dbops_guc_rto_objective;
extern int dbops_guc_max_size;      /* MB */
extern int dbops_guc_raw_retention; /* minutes, like the three below */
extern int dbops_guc_minute_retention;
extern int dbops_guc_ten_minute_retention;
extern int dbops_guc_hour_retention;
extern int dbops_guc_backup_command_interval; /* seconds */
extern int dbops_guc_backup_command_limit;    /* seconds */
extern int dbops_guc_advise_interval;         /* seconds; 0: never */
extern int dbops_guc_advise_time_limit;       /* seconds */

/*
 * Defines the settings.  Those that can only be set at start are defined only when `preloaded`:
 * defining them later is an error in the server.
 */
extern void dbops_guc_define(bool preloaded);
