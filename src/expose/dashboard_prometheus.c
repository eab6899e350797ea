/*
 * expose/dashboard_prometheus.c
 *		Dashboard for those who have dbops.prometheus() scraped.
 */
#include "postgres.h"

#include "expose/dashboards.h"

static const DashboardVariable instance = {
    .name = "instance",
    .label = "Server",
    .about = "Servers that are shown",
    .query = "label_values(pg_up, instance)",
    .all = ".*",
};

static const DashboardVariable database = {
    .name = "database",
    .label = "Database",
    .about = "Databases that are shown",
    .query = "label_values(pg_stat_database_numbackends{instance=~\"$instance\"}, datname)",
    .all = ".*",
};

#define ON "instance=~\"$instance\""
#define IN ON ", datname=~\"$database\""
#define RATE(metric, labels) "rate(" metric "{" labels "}[$__rate_interval])"

/*
 * How long statements take: by the classic buckets, or by native histograms, where Prometheus has
 * these instead.
 */
#define DURATION "dbops_statement_duration_seconds"
#define SUM_BY(by, of) "sum by (" by ") (" of ")"
#define QUANTILE_OF(q, by, name) "histogram_quantile(" q ", " SUM_BY(by, RATE(name, IN)) ")"
#define QUANTILE(q, by) \
	"(" QUANTILE_OF(q, by, DURATION "_bucket") " or " QUANTILE_OF(q, by, DURATION) ")"
#define NATIVE(what) "histogram_" what "(" RATE(DURATION, IN) ")"
#define TOTAL(what, by) \
	"(" SUM_BY(by, RATE(DURATION "_" what, IN)) " or " SUM_BY(by, NATIVE(what)) ")"

#define ALL_QUANTILE(q) QUANTILE(q, "le")
#define STATEMENT_P95 QUANTILE("0.95", "le, instance, datname, queryid")
#define STATEMENT_TIME TOTAL("sum", "instance, datname, queryid")
#define MEAN_TIME TOTAL("sum", "instance") " / " TOTAL("count", "instance")

static const Panel panels[] = {
    {
        .title = "Database Health",
        .about = "Whether the server answers (1 is yes), and the score of its health",
        .kind = PANEL_STAT,
        .unit = "none",
        .width = 8,
        .queries = {{"min(pg_up{" ON "})", "up"},
                    {"sum(dbops_server_connections{" ON "})", "connections"},
                    {"min(dbops_health_score{" ON ", datname=\"\"})", "score"}},
    },
    {
        .title = "Connections used",
        .about = "Share of max_connections in use",
        .kind = PANEL_GAUGE,
        .check = "connections",
        .queries = {{"100 * max(dbops_server_connections{" ON "} / dbops_server_connection_limit)",
                     "used"}},
    },
    {
        .title = "Verdicts",
        .about = "Checks that are beyond their limits",
        .kind = PANEL_STAT,
        .unit = "none",
        .nothing = "0",
        .width = 8,
        .queries = {{"sum(dbops_health_critical{" ON ", datname=\"\"})", "critical"},
                    {"sum(dbops_health_warning{" ON ", datname=\"\"})", "warning"},
                    {"sum(dbops_health_unknown{" ON ", datname=\"\"})", "unknown"}},
    },
    {
        .title = "Disk space used",
        .about = "File systems of the server, the fullest",
        .kind = PANEL_GAUGE,
        .check = "disk space",
        .queries = {{"100 * max(1 - dbops_filesystem_available_bytes{" ON
                     "} / dbops_filesystem_total_bytes)",
                     "used"}},
    },
    {
        .title = "What was found",
        .about = "Verdicts that are beyond their limits",
        .kind = PANEL_TABLE,
        .nothing = "nothing is wrong",
        .queries = {{"dbops_verdict_status{" ON ", status=~\"warning|critical\"} == 1"}},
    },
    {
        .title = "Query Performance",
        .about = "How long the oldest statement has been running, and how long statements take on "
                 "average",
        .kind = PANEL_LINES,
        .unit = "s",
        .queries = {{"max by (instance) (dbops_server_oldest_statement_seconds{" ON "})",
                     "{{instance}} running query duration"},
                    {MEAN_TIME, "{{instance}} mean execution time"}},
    },
    {
        .title = "How long statements take",
        .about = "Half of all statements take less than p50, one in twenty more than p95, one in a "
                 "hundred more than p99",
        .kind = PANEL_LINES,
        .unit = "s",
        .queries = {{ALL_QUANTILE("0.5"), "p50"},
                    {ALL_QUANTILE("0.95"), "p95"},
                    {ALL_QUANTILE("0.99"), "p99"}},
    },
    {
        .title = "p95 by statement",
        .about = "One in twenty executions took longer; the ten that are slowest",
        .kind = PANEL_LINES,
        .unit = "s",
        .queries = {{"topk(10, " STATEMENT_P95 ")", "{{datname}} {{queryid}}"}},
    },
    {
        .title = "Time by statement",
        .about = "Seconds that the ten statements which take most spend in a second",
        .kind = PANEL_STACK,
        .unit = "short",
        .queries = {{"topk(10, " STATEMENT_TIME ")", "{{datname}} {{queryid}}"}},
    },
    {
        .title = "Statements",
        .about = "Statements a second, by database",
        .kind = PANEL_LINES,
        .unit = "ops",
        .queries = {{TOTAL("count", "instance, datname"), "{{instance}} {{datname}}"}},
    },
    {
        .title = "Transactions",
        .about = "Transactions a second that were committed and rolled back",
        .kind = PANEL_LINES,
        .unit = "ops",
        .queries = {{"sum by (instance) (" RATE("pg_stat_database_xact_commit", IN) ")",
                     "{{instance}} committed"},
                    {"sum by (instance) (" RATE("pg_stat_database_xact_rollback", IN) ")",
                     "{{instance}} rolled back"}},
    },
    {
        .title = "Connections",
        .about = "Sessions by what they do",
        .kind = PANEL_STACK,
        .unit = "short",
        .queries = {{"sum(dbops_server_active{" ON "})", "active"},
                    {"sum(dbops_server_idle{" ON "})", "idle"},
                    {"sum(dbops_server_idle_in_transaction{" ON "})", "idle in transaction"},
                    {"sum(dbops_server_lock_waiters{" ON "})", "waiting for locks"}},
    },
    {
        .title = "Errors by SQLSTATE",
        .about = "Statements that failed, a second; those that a function caught, too",
        .kind = PANEL_LINES,
        .unit = "ops",
        .nothing = "none failed",
        .queries = {{"sum by (sqlstate) (" RATE("dbops_error_count_total", IN) ") > 0",
                     "{{sqlstate}}"}},
    },
    {
        .title = "Replication Lag",
        .about = "Seconds that a standby is behind",
        .kind = PANEL_LINES,
        .check = "replication lag",
        .queries = {{"max by (instance) (pg_replication_lag_seconds{" ON "})", "{{instance}}"}},
    },
    {
        .title = "Deadlocks and lost sessions",
        .about = "A second",
        .kind = PANEL_LINES,
        .unit = "ops",
        .queries = {{"sum(" RATE("pg_stat_database_deadlocks", IN) ")", "deadlocks"},
                    {"sum(" RATE("dbops_database_sessions_killed_total", IN) ")",
                     "sessions killed"},
                    {"sum(" RATE("dbops_database_sessions_abandoned_total", IN) ")",
                     "sessions abandoned"}},
    },
    {
        .title = "Cache hits",
        .about = "Share of blocks found in shared buffers, by database",
        .kind = PANEL_LINES,
        .check = "cache hit",
        .queries = {{"100 * sum by (instance, datname) (" RATE(
                         "pg_stat_database_blks_hit",
                         IN) ") / "
                             "sum by (instance, datname) (" RATE(
                                 "pg_stat_database_blks_hit",
                                 IN) " + " RATE("pg_stat_database_blks_read", IN) ")",
                     "{{instance}} {{datname}}"}},
    },
    {
        .title = "Size of databases",
        .about = "As last inspected",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .queries = {{"pg_database_size_bytes{" IN "}", "{{instance}} {{datname}}"}},
    },
    {
        .title = "WAL",
        .about = "WAL written a second",
        .kind = PANEL_LINES,
        .check = "wal volume",
        .queries = {{"sum by (instance) (" RATE("dbops_server_wal_bytes_total", ON) ")",
                     "{{instance}}"}},
    },
    {
        .title = "CPU",
        .about = "Share of the time of all CPUs of the machine in which they worked",
        .kind = PANEL_LINES,
        .check = "cpu",
        .queries = {{"100 * (1 - " RATE("dbops_system_cpu_idle_seconds_total",
                                        ON) " / on (instance) dbops_system_cpus)",
                     "{{instance}}"}},
    },
    {
        .title = "Memory available",
        .about = "Memory of the machine that can be had",
        .kind = PANEL_LINES,
        .unit = "bytes",
        .queries = {{"dbops_system_memory_available_bytes{" ON "}", "{{instance}}"}},
    },
    {
        .title = "Disks busy",
        .about = "Share of the time in which a device had something to do",
        .kind = PANEL_LINES,
        .check = "device busy",
        .queries = {{"100 * " RATE("dbops_device_busy_seconds_total", ON),
                     "{{instance}} {{device}}"}},
    },
    {
        .title = "Network",
        .about = "Bytes a second",
        .kind = PANEL_LINES,
        .unit = "Bps",
        .queries = {{"sum by (instance) (" RATE("dbops_network_received_bytes_total", ON) ")",
                     "{{instance}} in"},
                    {"sum by (instance) (" RATE("dbops_network_sent_bytes_total", ON) ")",
                     "{{instance}} out"}},
    },
};

const Dashboard dbops_dashboard_prometheus = {
    .name = "prometheus",
    .title = "dbops / Prometheus",
    .answers = "The same at a glance, for several servers, from metrics that Prometheus scrapes",
    .language = DASHBOARD_PROMQL,
    .variables = {&instance, &database},
    DASHBOARD_PANELS(panels),
};
