/*
 * judge/drift_facts.c
 *		Settings as they are, as they were accepted, and as a primary has them; see drift_facts.h.
 *
 * What the server requires of a standby is read from its control file: when that stops replay, the
 * history of the primary is not replayed either.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_control.h"
#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "collect/collectors.h"
#include "core/settings.h"
#include "core/spi.h"
#include "judge/drift.h"
#include "judge/drift_facts.h"
#include "judge/facts.h"
#include "judge/term.h"
#include "store/node.h"
#include "store/registry.h"
#include "store/texts.h"

enum
{
	TEXT_NAME,
	TEXT_SETTING,
};

struct Drifting
{
	FactSet *facts;
	Facts *settings;
};

/* Of databases and roles that are gone nothing is expected. */
static const char accepted_query[] =
    "SELECT a.scope, coalesce(d.oid, 0), coalesce(r.oid, 0), a.name, a.setting,\n"
    "       a.node <> $1\n"
    "  FROM dbops.accepted_settings AS a\n"
    "  LEFT JOIN pg_catalog.pg_database AS d ON d.datname = a.datname\n"
    "  LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = a.rolname\n"
    " WHERE (a.datname IS NULL OR d.oid IS NOT NULL) AND (a.rolname IS NULL OR r.oid IS NOT NULL)";

enum
{
	ACCEPTED_SCOPE,
	ACCEPTED_DATID,
	ACCEPTED_ROLEID,
	ACCEPTED_NAME,
	ACCEPTED_SETTING,
	ACCEPTED_ELSEWHERE,
};

/* The tables of a standby have but what its primary stored, the present one last. */
static const char primary_query[] =
    "WITH setting AS MATERIALIZED (\n"
    "    SELECT node, at, name, setting, since_at, removed\n"
    "      FROM dbops.setting_history\n"
    "     WHERE at > pg_catalog.now() - interval '25 hours' AND node <> $1\n"
    "       AND datid = 0 AND roleid = 0 AND name = ANY ($2)\n"
    "       AND source NOT IN ('global', 'pending restart', 'file error')\n"
    ")\n"
    "SELECT name, setting FROM (\n"
    "    SELECT DISTINCT ON (name) name, setting, removed FROM setting\n"
    "     WHERE node = (SELECT node FROM setting ORDER BY at DESC LIMIT 1)\n"
    "     ORDER BY name, since_at DESC, at DESC) AS latest\n"
    " WHERE removed IS NULL";

Drifting *
dbops_drift_create(void)
{
	static const char *const columns[] = {"since_at", "is_default", "removed"};
	Drifting *drifting = palloc0(sizeof(Drifting));

	drifting->facts = dbops_facts_create();
	drifting->settings = dbops_facts_of(drifting->facts, &dbops_family_setting);
	for (int i = 0; i < lengthof(columns); i++)
		dbops_term_mark(&dbops_family_setting,
		                dbops_term_resolve(&dbops_family_setting, columns[i]),
		                dbops_facts_wanted(drifting->settings));
	return drifting;
}

static SettingScope
scope_of(const EntityKey *key, SettingSource source)
{
	if (source == SETTING_GLOBAL)
		return SETTINGS_OF_ALL_ROLES;
	if (key->num[0] != 0)
		return key->num[1] != 0 ? SETTINGS_OF_ROLE_IN_DATABASE : SETTINGS_OF_DATABASE;
	return key->num[1] != 0 ? SETTINGS_OF_ROLE : SETTINGS_OF_SERVER;
}

static bool
is_one(const Fact *fact, const char *column)
{
	double value;

	return dbops_term_get(fact, column, &value) && value == 1;
}

static KnownSettings
list_present(const Drifting *drifting, TimestampTz now)
{
	int count = dbops_facts_count(drifting->settings);
	KnownSettings present = {.items = palloc(sizeof(KnownSetting) * Max(count, 1))};

	for (int i = 0; i < count; i++)
	{
		const Fact *fact = dbops_facts_at(drifting->settings, i);
		SettingSource source = (SettingSource) fact->key->num[2];
		double age_s;

		if (source >= SETTING_PENDING || is_one(fact, "removed"))
			continue;
		present.items[present.count++] = (KnownSetting){
		    .scope = scope_of(fact->key, source),
		    .datid = (Oid) fact->key->num[0],
		    .roleid = (Oid) fact->key->num[1],
		    .name = dbops_texts_at(fact->texts, TEXT_NAME),
		    .value = dbops_texts_at(fact->texts, TEXT_SETTING),
		    .is_set = source > SETTING_DYNAMIC_DEFAULT && source != SETTING_OVERRIDE &&
		              !is_one(fact, "is_default"),
		    .since_at = dbops_term_get(fact, "since_at", &age_s) ?
		                    now - (int64) (age_s * USECS_PER_SEC) :
		                    0,
		};
	}
	return present;
}

static const char *
text_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;

	return TextDatumGetCString(dbops_spi_cell(rows, row, column, &isnull));
}

static Oid
oid_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;

	return DatumGetObjectId(dbops_spi_cell(rows, row, column, &isnull));
}

static KnownSettings
load_accepted(void)
{
	const SpiValue node = dbops_spi_text(dbops_node_name());
	const SpiRows *rows = dbops_spi_query(accepted_query, &node, 1);
	KnownSettings accepted = {.items = palloc(sizeof(KnownSetting) * Max(rows->nrows, 1)),
	                          .count = (int) rows->nrows};
	bool isnull;

	for (uint64 row = 0; row < rows->nrows; row++)
	{
		KnownSetting *setting = &accepted.items[row];

		*setting = (KnownSetting){
		    .datid = oid_of(rows, row, ACCEPTED_DATID),
		    .roleid = oid_of(rows, row, ACCEPTED_ROLEID),
		    .name = text_of(rows, row, ACCEPTED_NAME),
		    .value = text_of(rows, row, ACCEPTED_SETTING),
		    .is_set = true,
		    .elsewhere = DatumGetBool(dbops_spi_cell(rows, row, ACCEPTED_ELSEWHERE, &isnull))};
		for (int i = 0; dbops_setting_scopes[i] != NULL; i++)
		{
			if (strcmp(dbops_setting_scopes[i], text_of(rows, row, ACCEPTED_SCOPE)) == 0)
				setting->scope = (SettingScope) i;
		}
	}
	return accepted;
}

/* What the WAL that is replayed requires. */
static void
add_required(KnownSettings *primary)
{
	bool intact;
	const ControlFileData *control = get_controlfile(DataDir, &intact);
	const struct
	{
		const char *name;
		int value;
	} required[] = {
	    {"max_connections", control->MaxConnections},
	    {"max_worker_processes", control->max_worker_processes},
	    {"max_wal_senders", control->max_wal_senders},
	    {"max_prepared_transactions", control->max_prepared_xacts},
	    {"max_locks_per_transaction", control->max_locks_per_xact},
	};

	for (int i = 0; intact && i < lengthof(required); i++)
		primary->items[primary->count++] =
		    (KnownSetting){.name = required[i].name, .value = psprintf("%d", required[i].value)};
}

static KnownSettings
load_primary(void)
{
	const char *const *names = dbops_drift_of_standbys();
	int count = 0;
	Datum *words;
	SpiValue values[2];
	const SpiRows *rows;
	KnownSettings primary = {0};

	while (names[count] != NULL)
		count++;
	words = palloc(sizeof(Datum) * count);
	for (int i = 0; i < count; i++)
		words[i] = CStringGetTextDatum(names[i]);
	values[0] = dbops_spi_text(dbops_node_name());
	values[1] = (SpiValue){
	    .type = TEXTARRAYOID,
	    .value = PointerGetDatum(construct_array(words, count, TEXTOID, -1, false, TYPALIGN_INT))};
	rows = dbops_spi_query(primary_query, values, lengthof(values));
	primary.items = palloc(sizeof(KnownSetting) * (rows->nrows + count));
	add_required(&primary); /* first: of two it is the one that counts */
	for (uint64 row = 0; row < rows->nrows; row++)
		primary.items[primary.count++] =
		    (KnownSetting){.name = text_of(rows, row, 0), .value = text_of(rows, row, 1)};
	return primary;
}

void
dbops_drift_run(Drifting *drifting, TimestampTz now)
{
	SettingBoard *board = palloc0(sizeof(SettingBoard));
	KnownSettings present;

	dbops_facts_update(drifting->facts, now);
	present = list_present(drifting, now);
	if (present.count == 0 || !OidIsValid(get_extension_oid("dbops", true)))
		board->measure = RecoveryInProgress() ? MEASURE_PRIMARY : MEASURE_ACCEPTED;
	else if (RecoveryInProgress())
		dbops_drift_from_primary(present, load_primary(), board);
	else
		dbops_drift_from_accepted(present, load_accepted(), board);
	dbops_setting_board_publish(board);
}
