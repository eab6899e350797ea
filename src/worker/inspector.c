/*
 * worker/inspector.c
 *		The sampler's side of the inspector; see inspector.h.
 *
 * A visit may fail in many ways: no free worker slot, the database is dropped or closed meanwhile,
 * the process dies or is slow.  All are one case, a visit that did not finish: what came is kept,
 * nothing is taken for dropped, and the next visit goes on from there after a growing gap.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "collect/dictionary.h"
#include "collect/key_fill.h"
#include "collect/outbox.h"
#include "core/clock.h"
#include "core/databases.h"
#include "core/guc.h"
#include "store/family.h"
#include "worker/control.h"
#include "worker/inspector.h"
#include "worker/visit.h"
#include "worker/visits.h"

/* A process that has not ended by then is ended. */
#define PATIENCE_US (2 * VISIT_LIMIT_MS * INT64CONST(1000))

/* Databases are listed this often when no visit runs. */
#define LOOK_AROUND_US (2 * USECS_PER_SEC)

/* Messages taken in at a time, so that the sampler is back soon. */
#define MESSAGES_AT_ONCE 64

/* What is kept of a database between visits. */
typedef struct Host
{
	VisitFacts facts;
	Oid after; /* where the next visit goes on; 0: it begins a cycle */
	Oid after_sequence;
	Oid after_keys;
	Oid after_density;
	int64 spent_us; /* connected during this cycle */
	TaskError error;
	TaskError fill_error;
	TaskError density_error;
} Host;

typedef struct RunningVisit
{
	Oid datid; /* 0: none runs */
	MemoryContext context;
	dsm_segment *mapping;
	VisitSegment *segment;
	shm_mq_handle *queue;
	BackgroundWorkerHandle *worker;
	int64 started_us;
	bool ended; /* its last message has come */
	bool complete;
	int64 database_bytes;
} RunningVisit;

static RunningVisit running = {0};
static bool no_slot = false; /* the last visit could not be started */
static MemoryContext hosts_context = NULL;
static Host *hosts = NULL;
static int nhosts = 0;
static int64 looked_us = 0;

static Host *
find_host(Oid datid)
{
	for (int i = 0; i < nhosts; i++)
	{
		if (hosts[i].facts.datid == datid)
			return &hosts[i];
	}
	return NULL;
}

/* ---- taking in ---- */

static void
take_page(const char *data, Size size)
{
	const VisitPage *page = (const VisitPage *) data;
	const Inspected *inspected = (const Inspected *) (data + sizeof(VisitPage));
	Host *host = find_host(running.datid);
	bool relations = page->kind == VISIT_RELATIONS;
	Size head = sizeof(VisitPage) + (relations ? sizeof(Inspected) * (Size) page->count : 0);
	NamedObject *names;

	if (page->count <= 0 || size <= head ||
	    dbops_object_batch_decode((char *) data + head, size - head, &names) != page->count)
		elog(ERROR, "message of the inspector is malformed: %zu bytes", size);
	for (int i = 0; i < page->count; i++)
	{
		if (relations)
			dbops_dictionary_learn(&inspected[i], &names[i]);
		else
			dbops_dictionary_learn_function(&names[i]);
	}
	if (host != NULL && relations)
		host->after = inspected[page->count - 1].relid;
}

static void
take_end(const char *data, Size size)
{
	const VisitEnd *end = (const VisitEnd *) data;

	if (size != sizeof(VisitEnd))
		elog(ERROR, "message of the inspector is malformed: %zu bytes", size);
	running.ended = true;
	running.complete = end->complete != 0;
	running.database_bytes = end->database_bytes;
}

static void
take_sequences(const VisitFill *fill, Host *host)
{
	const SeenSequence *seen = (const SeenSequence *) (fill + 1);

	for (int i = 0; i < fill->count; i++)
		dbops_key_fill_learn_sequence(&seen[i]);
	if (fill->ended)
		dbops_key_fill_end_sequences(running.datid);
	if (host != NULL)
		host->after_sequence = fill->ended ? InvalidOid : fill->after;
}

static void
take_keys(const VisitFill *fill, Host *host)
{
	const SeenKey *seen = (const SeenKey *) (fill + 1);

	for (int i = 0; i < fill->count; i++)
		dbops_key_fill_learn_key(&seen[i]);
	if (fill->ended)
		dbops_key_fill_end_keys(running.datid);
	if (host != NULL)
		host->after_keys = fill->ended ? InvalidOid : fill->after;
}

static void
take_densities(const VisitFill *fill, Host *host)
{
	const SeenDensity *seen = (const SeenDensity *) (fill + 1);

	for (int i = 0; i < fill->count; i++)
		dbops_dictionary_learn_density(&seen[i]);
	if (host != NULL)
		host->after_density = fill->ended ? InvalidOid : fill->after;
}

/* How long each item is that follows a VisitFill. */
static Size
size_of_item(int32 kind)
{
	switch (kind)
	{
		case VISIT_SEQUENCES:
			return sizeof(SeenSequence);
		case VISIT_KEYS:
			return sizeof(SeenKey);
		default:
			return sizeof(SeenDensity);
	}
}

static void
take_fill(const char *data, Size size)
{
	const VisitFill *fill = (const VisitFill *) data;
	Size each = size_of_item(fill->kind);
	Host *host = find_host(running.datid);

	if (size < sizeof(VisitFill) || fill->count < 0 ||
	    size != sizeof(VisitFill) + each * (Size) fill->count)
		elog(ERROR, "message of the inspector is malformed: %zu bytes", size);
	if (fill->kind == VISIT_SEQUENCES)
		take_sequences(fill, host);
	else if (fill->kind == VISIT_KEYS)
		take_keys(fill, host);
	else
		take_densities(fill, host);
}

static void
take_message(const char *data, Size size)
{
	int32 kind = size < sizeof(VisitPage) ? -1 : *(const int32 *) data;

	switch (kind)
	{
		case VISIT_END:
			take_end(data, size);
			break;
		case VISIT_RELATIONS:
		case VISIT_FUNCTIONS:
			take_page(data, size);
			break;
		case VISIT_SEQUENCES:
		case VISIT_KEYS:
		case VISIT_DENSITY:
			take_fill(data, size);
			break;
		default:
			elog(ERROR, "message of the inspector is malformed: %zu bytes", size);
	}
}

static void
end_visit(void)
{
	Host *host = find_host(running.datid);
	bool complete = running.ended && running.complete;

	if (host != NULL)
	{
		host->error = running.segment->error;
		host->fill_error = running.segment->fill_error;
		host->density_error = running.segment->density_error;
		host->facts.failures = running.ended ? 0 : host->facts.failures + 1;
		host->facts.unfinished = !complete;
		host->spent_us += dbops_clock_monotonic_us() - running.started_us;
		if (complete)
		{
			host->after = InvalidOid;
			host->facts.cycle_us = host->spent_us;
		}
	}
	dbops_dictionary_end_visit(running.datid, complete,
	                           running.ended ? running.database_bytes : FAMILY_NULL);
	dsm_detach(running.mapping);
	MemoryContextDelete(running.context);
	memset(&running, 0, sizeof(running));
}

static void
take_in(void)
{
	for (int i = 0; i < MESSAGES_AT_ONCE; i++)
	{
		Size size;
		void *data;
		shm_mq_result result = shm_mq_receive(running.queue, &size, &data, true);

		if (result == SHM_MQ_DETACHED)
		{
			end_visit();
			return;
		}
		if (result == SHM_MQ_WOULD_BLOCK)
			break;
		take_message(data, size);
	}
	if (dbops_clock_monotonic_us() - running.started_us > PATIENCE_US)
	{
		TerminateBackgroundWorker(running.worker);
		end_visit();
	}
}

/* ---- starting ---- */

static bool
start_worker(dsm_segment *mapping, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {
	    .bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
	    .bgw_start_time = BgWorkerStart_ConsistentState,
	    .bgw_restart_time = BGW_NEVER_RESTART,
	    .bgw_notify_pid = MyProcPid,
	    .bgw_main_arg = UInt32GetDatum(dsm_segment_handle(mapping)),
	};

	strlcpy(worker.bgw_name, "dbops inspector", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "dbops inspector", sizeof(worker.bgw_type));
	strlcpy(worker.bgw_library_name, "dbops", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dbops_visit_main", sizeof(worker.bgw_function_name));
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

/*
 * Until the last line nothing is kept that the end of the transaction would not clean up, should
 * anything throw.
 */
static void
start_visit(Host *host)
{
	MemoryContext old = CurrentMemoryContext;
	RunningVisit visit = {.datid = host->facts.datid, .started_us = dbops_clock_monotonic_us()};

	host->facts.tried_at = dbops_clock_now();
	host->facts.failures++;
	host->facts.unfinished = true;
	visit.mapping = dsm_create(dbops_visit_segment_size(), DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (visit.mapping == NULL)
		return;
	visit.context = AllocSetContextCreate(old, "dbops visit", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(visit.context);
	visit.segment = dsm_segment_address(visit.mapping);
	memset(visit.segment, 0, sizeof(VisitSegment));
	visit.segment->datid = host->facts.datid;
	visit.segment->after = host->after;
	visit.segment->after_sequence = host->after_sequence;
	visit.segment->after_keys = host->after_keys;
	visit.segment->after_density = host->after_density;
	visit.segment->error = host->error;
	visit.segment->fill_error = host->fill_error;
	visit.segment->density_error = host->density_error;
	shm_mq_set_receiver(shm_mq_create(dbops_visit_queue(visit.segment), VISIT_QUEUE_BYTES), MyProc);

	no_slot = !start_worker(visit.mapping, &visit.worker);
	if (no_slot)
	{
		dsm_detach(visit.mapping);
		MemoryContextSwitchTo(old);
		return;
	}
	visit.queue = shm_mq_attach(dbops_visit_queue(visit.segment), visit.mapping, visit.worker);
	MemoryContextSwitchTo(old);

	dsm_pin_mapping(visit.mapping);
	MemoryContextSetParent(visit.context, hosts_context);
	host->facts.failures--;
	if (!OidIsValid(host->after))
	{
		host->spent_us = 0;
		dbops_dictionary_begin_cycle(visit.datid);
	}
	running = visit;
}

/* Lists the databases, keeping what is known of those that were there before. */
static void
look_around(void)
{
	List *databases = dbops_databases_list();
	MemoryContext context =
	    AllocSetContextCreate(TopMemoryContext, "dbops inspector", ALLOCSET_SMALL_SIZES);
	Host *found = MemoryContextAllocZero(context, sizeof(Host) * Max(list_length(databases), 1));
	int nfound = 0;
	ListCell *cell;

	foreach (cell, databases)
	{
		const Database *database = lfirst(cell);
		const Host *known = find_host(database->oid);
		Host *host = &found[nfound++];

		if (known != NULL)
			*host = *known;
		host->facts.datid = database->oid;
		host->facts.visitable = database->allows_connections && !database->is_template;
	}
	if (hosts_context != NULL)
		MemoryContextDelete(hosts_context);
	hosts_context = context;
	hosts = found;
	nhosts = nfound;
	dbops_dictionary_set_databases(databases);
	dbops_key_fill_set_databases(databases);
}

static void
start_next(void)
{
	VisitFacts *facts;
	int next;

	look_around();
	facts = palloc(sizeof(VisitFacts) * Max(nhosts, 1));
	for (int i = 0; i < nhosts; i++)
	{
		hosts[i].facts.wanted = dbops_dictionary_wanted(hosts[i].facts.datid);
		facts[i] = hosts[i].facts;
	}
	next = dbops_visits_next(facts, nhosts, dbops_clock_now(),
	                         dbops_guc_inspect_interval * USECS_PER_SEC);
	if (next >= 0)
		start_visit(&hosts[next]);
	else
		looked_us = dbops_clock_monotonic_us();
}

/* For status(). */
static void
publish_state(void)
{
	InspectorState state = {.no_slot = no_slot,
	                        .full = dbops_dictionary_entries() >= DICTIONARY_MAX};

	for (int i = 0; i < nhosts; i++)
	{
		const VisitFacts *facts = &hosts[i].facts;

		if (facts->failures > 0)
		{
			state.failing++;
			state.failing_datid = facts->datid;
			state.error = hosts[i].error;
		}
		else if (OidIsValid(hosts[i].after) && facts->datid != running.datid &&
		         !dbops_dictionary_is_whole(facts->datid))
		{
			state.unfinished++;
			state.unfinished_datid = facts->datid;
		}
	}
	dbops_control()->inspector = state;
}

static bool
is_time_to_look(void)
{
	return looked_us == 0 || dbops_clock_monotonic_us() - looked_us >= LOOK_AROUND_US;
}

bool
dbops_inspector_is_due(void)
{
	return OidIsValid(running.datid) || is_time_to_look() || dbops_outbox_is_due();
}

void
dbops_inspector_run(void)
{
	if (OidIsValid(running.datid))
	{
		take_in();
		/* Another database may be due at once. */
		if (!OidIsValid(running.datid))
			looked_us = 0;
	}
	if (!OidIsValid(running.datid) && is_time_to_look())
		start_next();
	publish_state();
	if (dbops_outbox_post())
		dbops_control_wake(WORKER_KEEPER);
}
