/*
 * judge/checks_relation.c
 *		Checks of tables, sequences and keys, and of the autovacuum that tends them.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

static bool
comes_to_an_end(const Fact *fact)
{
	double cycles;

	return !dbops_term_get(fact, "cycles", &cycles) || cycles == 0;
}

static const Check checks[] = {
    {
        .name = "invalid index",
        .about = "Whether an index cannot be used by queries; while it is built that is so, too",
        .family = &dbops_family_index,
        .scope = SCOPE_OBJECT,
        .column = "invalid",
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 7200,
        .evidence = {"total_bytes"},
        .points = 2,
        .why = "Every write keeps it up to date, and nobody reads it",
        .what_to_do =
            "SELECT * FROM dbops.progress; then REINDEX INDEX CONCURRENTLY %o, or DROP it.",
    },
    {
        .name = "dead rows",
        .about = "Share of a table's rows that are dead",
        .family = &dbops_family_table,
        .scope = SCOPE_OBJECT,
        .column = "dead_percent",
        .enough = {"n_dead_tup"},
        .at_least = 50000,
        .warning = 25,
        .critical = 60,
        .for_s = 600,
        .evidence = {"n_dead_tup", "n_live_tup", "last_autovacuum_at", "total_bytes"},
        .points = 3,
        .why = "Scans read them, and their room is not used again until VACUUM has been there",
        .what_to_do =
            "VACUUM (ANALYZE) %o; if that removes none, SELECT * FROM dbops.xmin_holders;",
    },
    {
        .name = "autovacuum overdue",
        .about = "Tables that autovacuum should have worked on",
        .family = &dbops_family_autovacuum,
        .scope = SCOPE_DATABASE,
        .column = "tables_overdue",
        .warning = 10,
        .critical = 200,
        .for_s = 1800,
        .evidence = {"vacuum_overdue", "insert_vacuum_overdue", "analyze_overdue", "worst_ratio",
                     "workers"},
        .points = 3,
        .why = "Bloat grows, and plans are made from outdated statistics",
        .what_to_do = "SELECT * FROM dbops.autovacuum; raise autovacuum_vacuum_cost_limit.",
    },
    {
        .name = "wraparound vacuum overdue",
        .about = "Tables that must be frozen and are not yet",
        .family = &dbops_family_autovacuum,
        .scope = SCOPE_DATABASE,
        .column = "wraparound_overdue",
        .warning = 1,
        .critical = NO_LIMIT,
        .for_s = 7200,
        .evidence = {"wraparound_overdue", "wraparound_workers", "workers"},
        .points = 5,
        .why = "Transaction ids wrap some day, and the server stops before",
        .what_to_do = "SELECT * FROM dbops.tables ORDER BY xid_age DESC LIMIT 10;",
    },
    {
        .name = "autovacuum cancelled",
        .about = "Runs in the window that gave way to somebody's lock",
        .family = &dbops_family_autovacuum,
        .scope = SCOPE_DATABASE,
        .column = "cancelled",
        .warning = 5,
        .critical = NO_LIMIT,
        .evidence = {"cancelled", "tables_overdue"},
        .points = 2,
        .why = "A table whose every run is cancelled is never vacuumed",
        .what_to_do =
            "SELECT * FROM dbops.locks; see who takes SHARE locks or more, and VACUUM by hand.",
    },
    {
        .name = "sequence",
        .about = "Share of a sequence's values that are used up",
        .family = &dbops_family_sequence,
        .scope = SCOPE_OBJECT,
        .column = "used_percent",
        .applies = comes_to_an_end,
        .columns = {"cycles"},
        .warning = 75,
        .critical = 90,
        .evidence = {"last_value", "max_value", "remaining"},
        .points = 5,
        .why = "When none is left every insert that wants one fails",
        .what_to_do = "ALTER SEQUENCE %o AS bigint NO MAXVALUE;",
    },
    {
        .name = "integer key",
        .about = "Share of the values of a key's type that are used up",
        .family = &dbops_family_integer_key,
        .scope = SCOPE_OBJECT,
        .column = "used_percent",
        .warning = 70,
        .critical = 85,
        .evidence = {"farthest_value", "limit_value", "remaining"},
        .points = 5,
        .why = "When none is left every insert fails, and to widen the column rewrites the table",
        .what_to_do = "SELECT what_to_do FROM dbops.integer_keys;",
    },
};

const CheckTable dbops_checks_relation = CHECK_TABLE(checks);
