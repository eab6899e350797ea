/*
 * collect/connection.c
 *		The family "connection": client connections by database, role, application and address.
 *
 * Applications may put anything into their names, so there are CONNECTION_ROWS rows at most: the
 * fewest connections beyond are summed up in one row.  New connections are known by when their
 * process began; those that came and went between two samples are only in the statistics of their
 * database.
 */
#include "postgres.h"

#include <arpa/inet.h>

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/collectors.h"
#include "collect/departed.h"
#include "collect/descriptor.h"
#include "core/clock.h"
#include "core/compat.h"
#include "store/frame.h"

#define CONNECTION_ROWS 200
#define OTHERS "(others)"

enum
{
	CONNECTION_CONNECTIONS,
	CONNECTION_ACTIVE,
	CONNECTION_IDLE,
	CONNECTION_IDLE_IN_TRANSACTION,
	CONNECTION_ESTABLISHED,
	CONNECTION_OLDEST_MS,
	CONNECTION_OLDEST_IDLE_MS,
	CONNECTION_OLDEST_IDLE_IN_TRANSACTION_MS,
	CONNECTION_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_DATABASE("Database; 0 in the row of all others"),
    LABEL_OF_ROLE("Role that logged in; 0 in the row of all others"),
    LABEL("application_name", LABEL_TEXT, NAMES_NONE,
          "Name that the application gave itself; " OTHERS " sums up what has no row of its own"),
    LABEL("client_addr", LABEL_TEXT, NAMES_NONE,
          "Address of the client; [local] for sockets of the machine"),
};

static const Metric metrics[] = {
    [CONNECTION_CONNECTIONS] = GAUGE(1, "connections", "", ROLLUP_MAX, "Connections"),
    [CONNECTION_ACTIVE] = GAUGE(2, "active", "", ROLLUP_MAX, "Those that run a statement"),
    [CONNECTION_IDLE] =
        GAUGE(3, "idle", "", ROLLUP_MAX, "Those that wait for the next transaction"),
    [CONNECTION_IDLE_IN_TRANSACTION] =
        GAUGE(4, "idle_in_transaction", "", ROLLUP_MAX, "Those that idle inside a transaction"),
    [CONNECTION_ESTABLISHED] =
        COUNT(5, "established", "New connections, of those that were still there when sampled"),
    [CONNECTION_OLDEST_MS] = AGE_MS(6, "oldest_ms", "Age of the oldest connection"),
    [CONNECTION_OLDEST_IDLE_MS] =
        AGE_MS(7, "oldest_idle_ms", "Longest time one waits for its next transaction"),
    [CONNECTION_OLDEST_IDLE_IN_TRANSACTION_MS] =
        AGE_MS(8, "oldest_idle_in_transaction_ms", "Longest time one idles inside a transaction"),
};

/* One connection, later all that share a key. */
typedef struct Connections
{
	EntityKey key;
	const char *texts[2];
	int64 values[CONNECTION_NMETRICS];
} Connections;

/* Connections ever seen to be new, by key; what the previous sample had. */
typedef struct Established
{
	EntityKey key;
	int64 count;
} Established;

static Departed departed;
static MemoryContext established_context = NULL;
static HTAB *established = NULL;
static TimestampTz looked_at = 0;

static const char *
format_address(const SockAddr *address)
{
	char words[INET6_ADDRSTRLEN];
	const void *number;

	switch (address->addr.ss_family)
	{
		case AF_UNIX:
			return "[local]";
		case AF_INET:
			number = &((const struct sockaddr_in *) &address->addr)->sin_addr;
			break;
		case AF_INET6:
			number = &((const struct sockaddr_in6 *) &address->addr)->sin6_addr;
			break;
		default:
			return "";
	}
	if (inet_ntop(address->addr.ss_family, number, words, sizeof(words)) == NULL)
		return "";
	return pstrdup(words);
}

static void
fill_state(int64 *values, const PgBackendStatus *status, TimestampTz now)
{
	int64 in_state = now - status->st_state_start_timestamp;

	switch (status->st_state)
	{
		case STATE_RUNNING:
		case STATE_FASTPATH:
			values[CONNECTION_ACTIVE] = 1;
			break;
		case STATE_IDLE:
			values[CONNECTION_IDLE] = 1;
			values[CONNECTION_OLDEST_IDLE_MS] = in_state;
			break;
		case STATE_IDLEINTRANSACTION:
		case STATE_IDLEINTRANSACTION_ABORTED:
			values[CONNECTION_IDLE_IN_TRANSACTION] = 1;
			values[CONNECTION_OLDEST_IDLE_IN_TRANSACTION_MS] = in_state;
			break;
		default:
			break;
	}
}

static void
fill_connection(Connections *connection, const PgBackendStatus *status, TimestampTz now)
{
	memset(connection, 0, sizeof(*connection));
	connection->texts[0] = status->st_appname;
	connection->texts[1] = format_address(&status->st_clientaddr);
	connection->key.num[0] = status->st_databaseid;
	connection->key.num[1] = status->st_userid;
	connection->key.num[2] = dbops_entity_hash(connection->texts[0]);
	connection->key.num[3] = dbops_entity_hash(connection->texts[1]);
	connection->values[CONNECTION_CONNECTIONS] = 1;
	connection->values[CONNECTION_ESTABLISHED] = status->st_proc_start_timestamp > looked_at;
	connection->values[CONNECTION_OLDEST_MS] = now - status->st_proc_start_timestamp;
	fill_state(connection->values, status, now);
}

static Connections *
read_all(int *count, TimestampTz now)
{
	int nbackends = pgstat_fetch_stat_numbackends();
	Connections *connections = palloc(sizeof(Connections) * Max(nbackends, 1));

	*count = 0;
	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local != NULL && local->backendStatus.st_backendType == B_BACKEND &&
		    local->backendStatus.st_procpid != 0)
			fill_connection(&connections[(*count)++], &local->backendStatus, now);
	}
	return connections;
}

static void
add_values(int64 *sum, const int64 *values)
{
	for (int m = 0; m < CONNECTION_NMETRICS; m++)
		sum[m] = metrics[m].scale == 0 ? sum[m] + values[m] : Max(sum[m], values[m]);
}

static int
compare_keys(const void *a, const void *b)
{
	return dbops_entity_compare(&((const Connections *) a)->key, &((const Connections *) b)->key);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64 x = ((const Connections *) a)->values[CONNECTION_CONNECTIONS];
	int64 y = ((const Connections *) b)->values[CONNECTION_CONNECTIONS];

	return x == y ? compare_keys(a, b) : x > y ? -1 : 1;
}

/* Makes one of those with the same key, the most connections first; returns how many are left. */
static int
group_connections(Connections *connections, int count)
{
	int ngroups = 0;

	qsort(connections, count, sizeof(Connections), compare_keys);
	for (int i = 0; i < count; i++)
	{
		if (ngroups > 0 && compare_keys(&connections[ngroups - 1], &connections[i]) == 0)
			add_values(connections[ngroups - 1].values, connections[i].values);
		else
			connections[ngroups++] = connections[i];
	}
	qsort(connections, ngroups, sizeof(Connections), compare_numbers);
	return ngroups;
}

/* Sums up all beyond the rows there may be, in the last of these. */
static int
bound_groups(Connections *groups, int ngroups)
{
	Connections *others = &groups[CONNECTION_ROWS - 1];

	if (ngroups <= CONNECTION_ROWS)
		return ngroups;
	for (int i = CONNECTION_ROWS; i < ngroups; i++)
		add_values(others->values, groups[i].values);
	others->texts[0] = OTHERS;
	others->texts[1] = "";
	others->key = (EntityKey){{0, 0, dbops_entity_hash(OTHERS), dbops_entity_hash("")}};
	return CONNECTION_ROWS;
}

/* From new ones to all ever seen; the first sample has nothing to compare with. */
static void
sum_established(Connections *groups, int ngroups, bool continues)
{
	HASHCTL control = {.keysize = sizeof(EntityKey), .entrysize = sizeof(Established)};
	MemoryContext context =
	    AllocSetContextCreate(TopMemoryContext, "dbops connections", ALLOCSET_SMALL_SIZES);
	HTAB *sums;

	control.hcxt = context;
	sums = hash_create("dbops connections", Max(ngroups, 16), &control,
	                   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < ngroups; i++)
	{
		Established *before = continues && established != NULL ?
		                          hash_search(established, &groups[i].key, HASH_FIND, NULL) :
		                          NULL;
		Established *now = hash_search(sums, &groups[i].key, HASH_ENTER, NULL);

		now->count = (continues ? groups[i].values[CONNECTION_ESTABLISHED] : 0) +
		             (before == NULL ? 0 : before->count);
		groups[i].values[CONNECTION_ESTABLISHED] = now->count;
	}
	if (established_context != NULL)
		MemoryContextDelete(established_context);
	established_context = context;
	established = sums;
}

static void
end_connections(int64 *values)
{
	for (int m = 0; m < CONNECTION_NMETRICS; m++)
		values[m] = metrics[m].kind == METRIC_COUNTER ? FAMILY_NULL : 0;
}

static void
read_connections(Frame *frame)
{
	TimestampTz now = dbops_clock_now();
	bool continues = frame->bookmark != 0;
	int count;
	Connections *groups = read_all(&count, now);

	count = bound_groups(groups, group_connections(groups, count));
	sum_established(groups, count, continues);
	for (int i = 0; i < count; i++)
	{
		int64 *values = dbops_frame_add_texts(frame, &groups[i].key, groups[i].texts);

		memcpy(values, groups[i].values, sizeof(groups[i].values));
	}
	looked_at = now;
	dbops_departed_add(&departed, frame, end_connections);
}

const Family dbops_family_connection = {
    .id = 26,
    .name = "connection",
    .help = "Client connections, by database, role, application and address",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .rates = true,
    .refresh_hourly = true,
    .read = read_connections,
};
