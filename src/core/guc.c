/*
 * core/guc.c
 *		The settings of dbops, as tables.
 *
 * A file of its own because default, range, unit and help text of a setting have exactly one home.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "core/guc.h"
#include "core/words.h"

bool dbops_guc_enabled = true;
bool dbops_guc_heartbeat = true;
bool dbops_guc_track = true;
bool dbops_guc_track_planning = true;
bool dbops_guc_capture_values = false;
bool dbops_guc_track_plans = true;
char *dbops_guc_database = NULL;
char *dbops_guc_node_name = NULL;
char *dbops_guc_backup_command = NULL;
char *dbops_guc_primary_conninfo = NULL;
char *dbops_guc_http_listen = NULL;
int dbops_guc_max_statements;
int dbops_guc_capture_size;
int dbops_guc_sample_interval;
int dbops_guc_wait_interval;
int dbops_guc_wide_interval;
int dbops_guc_sample_limit;
int dbops_guc_inspect_interval;
int dbops_guc_ring_size;
int dbops_guc_rpo_objective;
int dbops_guc_rto_objective;
int dbops_guc_max_size;
int dbops_guc_raw_retention;
int dbops_guc_minute_retention;
int dbops_guc_ten_minute_retention;
int dbops_guc_hour_retention;
int dbops_guc_backup_command_interval;
int dbops_guc_backup_command_limit;
int dbops_guc_advise_interval;
int dbops_guc_advise_time_limit;

/* Asked for by name, by the gateway, which shares no symbol with this library. */
static char *http_tls_certificate = NULL;
static char *http_tls_key = NULL;
static char *http_credentials_file = NULL;
static int http_max_connections;
static int http_timeout;

/* Room that the gateway has for it. */
#define CONNINFO_BYTES 4096

typedef struct BoolSetting
{
	const char *name;
	bool *variable;
	bool initial;
	GucContext context;
	const char *brief;
	const char *detail;
} BoolSetting;

typedef struct IntSetting
{
	const char *name;
	int *variable;
	int initial, min, max;
	GucContext context;
	int flags;
	const char *brief;
	const char *detail;
} IntSetting;

typedef struct StringSetting
{
	const char *name;
	char **variable;
	const char *initial;
	GucContext context;
	GucStringCheckHook check;
	int flags;
	const char *brief;
	const char *detail;
} StringSetting;

static const BoolSetting bool_settings[] = {
    {"dbops.enabled", &dbops_guc_enabled, true, PGC_SIGHUP, "Samples the server and keeps history.",
     "When off, the workers stay but do nothing, and recording in sessions stops."},
    {"dbops.track", &dbops_guc_track, true, PGC_SUSET,
     "Records latency, rows and errors of statements.", NULL},
    {"dbops.track_planning", &dbops_guc_track_planning, true, PGC_SUSET,
     "Records planning time of statements too.", NULL},
    {"dbops.heartbeat", &dbops_guc_heartbeat, true, PGC_SIGHUP,
     "Writes a little WAL each second while a standby streams and nothing else is written.",
     "So that a standby can tell an idle primary from one it is cut off from.  Some 40 bytes, which "
     "cause no checkpoint and no switch of segments."},
    {"dbops.capture_values", &dbops_guc_capture_values, false, PGC_SUSET,
     "Captures parameter values with the text of a statement.",
     "Texts are captured in any case, and literals stand in them."},
    {"dbops.track_plans", &dbops_guc_track_plans, true, PGC_SUSET,
     "Records which plans statements run by, and the latency of each.", NULL},
};

#define MINUTES_PER_DAY (24 * 60)

static const IntSetting int_settings[] = {
    {"dbops.max_statements", &dbops_guc_max_statements, -1, -1, 1000000, PGC_POSTMASTER, 0,
     "Number of statements tracked in shared memory.", "-1 takes pg_stat_statements.max."},
    {"dbops.capture_size", &dbops_guc_capture_size, 4096, 0, 1048576, PGC_POSTMASTER, GUC_UNIT_KB,
     "Memory for captured texts of statements.", "0 captures nothing."},
    {"dbops.sample_interval", &dbops_guc_sample_interval, 10, 1, 3600, PGC_SIGHUP, GUC_UNIT_S,
     "Time between samples of the system, the server and its databases.", NULL},
    {"dbops.wide_interval", &dbops_guc_wide_interval, 60, 1, 86400, PGC_SIGHUP, GUC_UNIT_S,
     "Time between samples of tables, indexes and statements.", NULL},
    {"dbops.wait_interval", &dbops_guc_wait_interval, 1000, 10, 60000, PGC_SIGHUP, GUC_UNIT_MS,
     "Time between looks at what sessions do and wait for.", NULL},
    {"dbops.sample_limit", &dbops_guc_sample_limit, 500, 1, 60000, PGC_SIGHUP, GUC_UNIT_MS,
     "Time that a sample of tables, indexes or statements may take.",
     "What takes longer, or more than 5 % of dbops.wide_interval, is sampled less often."},
    {"dbops.inspect_interval", &dbops_guc_inspect_interval, 300, 10, 86400, PGC_SIGHUP, GUC_UNIT_S,
     "Time between visits to a database to learn names and sizes of its objects.", NULL},
    {"dbops.ring_size", &dbops_guc_ring_size, 8192, 1024, 1048576, PGC_POSTMASTER, GUC_UNIT_KB,
     "Memory for samples that are not stored yet, and for the last hour of a standby.", NULL},
    {"dbops.rpo_objective", &dbops_guc_rpo_objective, 0, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S,
     "Time of which everything committed may be lost at most.", "0 sets no objective."},
    {"dbops.rto_objective", &dbops_guc_rto_objective, 0, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S,
     "Time in which the server is to be back after a failure.", "0 sets no objective."},
    {"dbops.max_size", &dbops_guc_max_size, 4096, 64, INT_MAX, PGC_SIGHUP, GUC_UNIT_MB,
     "Disk space the history may take.",
     "Beyond it the oldest samples go first, those of the finest resolution before all others."},
    {"dbops.raw_retention", &dbops_guc_raw_retention, MINUTES_PER_DAY, 60, INT_MAX, PGC_SIGHUP,
     GUC_UNIT_MIN, "Time that samples are kept as taken.", NULL},
    {"dbops.minute_retention", &dbops_guc_minute_retention, 30 * MINUTES_PER_DAY, 60, INT_MAX,
     PGC_SIGHUP, GUC_UNIT_MIN, "Time that history is kept in steps of one minute.", NULL},
    {"dbops.ten_minute_retention", &dbops_guc_ten_minute_retention, 90 * MINUTES_PER_DAY, 60,
     INT_MAX, PGC_SIGHUP, GUC_UNIT_MIN, "Time that history is kept in steps of ten minutes.", NULL},
    {"dbops.hour_retention", &dbops_guc_hour_retention, 3 * 365 * MINUTES_PER_DAY, 60, INT_MAX,
     PGC_SIGHUP, GUC_UNIT_MIN, "Time that history is kept in steps of one hour.", NULL},
    {"dbops.backup_command_interval", &dbops_guc_backup_command_interval, 600, 1, 86400, PGC_SIGHUP,
     GUC_UNIT_S, "Time between runs of the commands of dbops.backup_command.", NULL},
    {"dbops.backup_command_limit", &dbops_guc_backup_command_limit, 60, 1, 3600, PGC_SIGHUP,
     GUC_UNIT_S, "Time that a command of dbops.backup_command may take.",
     "One that takes longer is ended."},
    {"dbops.advise_interval", &dbops_guc_advise_interval, 86400, 0, 30 * 86400, PGC_SIGHUP,
     GUC_UNIT_S, "Time between searches for the indexes that each database should have.",
     "0 searches only when asked by dbops.advise_now()."},
    {"dbops.advise_time_limit", &dbops_guc_advise_time_limit, 30, 1, 3600, PGC_SIGHUP, GUC_UNIT_S,
     "Time that such a search may take in one database.",
     "It ends at once when somebody wants to drop or copy the database."},
    {"dbops.http_max_connections", &http_max_connections, 50, 1, 1000, PGC_SIGHUP, 0,
     "Number of clients that the gateway talks to at a time.", "Others wait to be let in."},
    {"dbops.http_timeout", &http_timeout, 10000, 100, 600000, PGC_SIGHUP, GUC_UNIT_MS,
     "Time in which a client must send its request, and then take the answer.",
     "The query behind an answer has the same limit."},
};

static bool
check_length(const char *value, Size least, Size most)
{
	Size length = strlen(value);

	if (length >= least && length <= most)
		return true;
	GUC_check_errdetail("It must be %zu to %zu bytes long.", least, most);
	return false;
}

static bool
check_database(char **value, void **extra, GucSource source)
{
	return check_length(*value, 1, NAMEDATALEN - 1);
}

static bool
check_node_name(char **value, void **extra, GucSource source)
{
	return check_length(*value, 0, NAMEDATALEN - 1);
}

/* Only the gateway has the library that could tell more. */
static bool
check_conninfo(char **value, void **extra, GucSource source)
{
	return check_length(*value, 0, CONNINFO_BYTES - 1);
}

/* Not in memory of the server's, as this runs in processes that have little of it. */
static bool
check_backup_command(char **value, void **extra, GucSource source)
{
	const char *list = *value;
	char *word = malloc(strlen(list) + 1);
	WordsMark mark;

	if (word == NULL)
		return false;
	do
		mark = dbops_words_next(&list, word);
	while (mark == WORDS_WORD || mark == WORDS_END_OF_GROUP);
	free(word);
	if (mark == WORDS_END)
		return true;
	GUC_check_errdetail("It ends within quotes.");
	return false;
}

static const StringSetting string_settings[] = {
    {"dbops.database", &dbops_guc_database, "postgres", PGC_POSTMASTER, check_database, 0,
     "Database that holds the history.", "CREATE EXTENSION dbops belongs there."},
    {"dbops.node_name", &dbops_guc_node_name, "", PGC_POSTMASTER, check_node_name, 0,
     "Name of this server in the history.", "Empty takes the host name and the port."},
    {"dbops.backup_command", &dbops_guc_backup_command, "", PGC_SIGHUP, check_backup_command,
     GUC_SUPERUSER_ONLY,
     "Commands that print the catalogues of backup tools, separated by semicolons.",
     "White space separates their words, quotes keep it; no shell runs them.  Empty runs none."},
    {"dbops.http_listen", &dbops_guc_http_listen, "", PGC_SIGHUP, NULL, 0,
     "Addresses on which the gateway answers HTTP, separated by commas.",
     "Such as 127.0.0.1:9187, [::1]:9187, localhost:9187 or *:9187.  Empty starts no gateway."},
    {"dbops.http_tls_certificate", &http_tls_certificate, "", PGC_SIGHUP, NULL, 0,
     "File with the certificate of the gateway, in PEM.",
     "With it and dbops.http_tls_key the gateway answers HTTPS alone."},
    {"dbops.http_tls_key", &http_tls_key, "", PGC_SIGHUP, NULL, GUC_SUPERUSER_ONLY,
     "File with the private key of the gateway, in PEM, without a passphrase.", NULL},
    {"dbops.http_credentials_file", &http_credentials_file, "", PGC_SIGHUP, NULL,
     GUC_SUPERUSER_ONLY, "File with those who may ask the gateway.",
     "Lines are user:password or bearer:token.  Only its owner may read it.  Empty lets anybody "
     "ask."},
    {"dbops.primary_conninfo", &dbops_guc_primary_conninfo, "", PGC_SIGHUP, check_conninfo,
     GUC_SUPERUSER_ONLY, "How a standby reaches the primary to ship its samples.",
     "A connection string of libpq.  Empty ships nothing; nor does a primary."},
};

/* A setting for the server's start cannot be defined in a session that loads us late. */
static bool
may_define(GucContext context, bool preloaded)
{
	return preloaded || context != PGC_POSTMASTER;
}

void
dbops_guc_define(bool preloaded)
{
	for (int i = 0; i < lengthof(bool_settings); i++)
	{
		const BoolSetting *s = &bool_settings[i];

		if (may_define(s->context, preloaded))
			DefineCustomBoolVariable(s->name, s->brief, s->detail, s->variable, s->initial,
			                         s->context, 0, NULL, NULL, NULL);
	}
	for (int i = 0; i < lengthof(int_settings); i++)
	{
		const IntSetting *s = &int_settings[i];

		*s->variable = s->initial;
		if (may_define(s->context, preloaded))
			DefineCustomIntVariable(s->name, s->brief, s->detail, s->variable, s->initial, s->min,
			                        s->max, s->context, s->flags, NULL, NULL, NULL);
	}
	for (int i = 0; i < lengthof(string_settings); i++)
	{
		const StringSetting *s = &string_settings[i];

		if (may_define(s->context, preloaded))
			DefineCustomStringVariable(s->name, s->brief, s->detail, s->variable, s->initial,
			                           s->context, s->flags, s->check, NULL, NULL);
		else
			*s->variable = pstrdup(s->initial);
	}
	if (preloaded)
		MarkGUCPrefixReserved("dbops");
}
