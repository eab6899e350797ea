/*
 * track/captures.c
 *		Taking and dropping captures; see captures.h.  Reading them is in capture_reader.c.
 *
 * The record is written into a chain of its own, and only then exchanged for the one before.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/encoding.h"
#include "core/guc.h"
#include "track/capture_arena.h"
#include "track/capture_record.h"
#include "track/captures.h"
#include "track/parameters.h"

#define RENEW_AFTER USECS_PER_HOUR
#define ARENA_SHARE 64         /* a text takes at most this part of the arena ... */
#define LEAST_QUERY_BYTES 1024 /* ... unless it is short */
#define NEARLY_FULL 0.90       /* share of the arena in use from which on captures are dropped */
#define DROP_SHARE 0.20

void
dbops_captures_init(void)
{
	dbops_parameters_init();
}

static void
write_parameter(ArenaWriter *writer, const ParamExternData *param, bool with_value, bool is_there)
{
	RecordParameter record = {.type = param->ptype, .length = RECORD_VALUE_UNKNOWN};
	const char *words = NULL;

	if (with_value && param->isnull)
		record.length = RECORD_VALUE_NULL;
	else if (with_value &&
	         (words = dbops_parameters_text(param->ptype, param->value, is_there)) != NULL &&
	         strlen(words) <= CAPTURE_VALUE_BYTES)
		record.length = strlen(words);
	dbops_capture_arena_write(writer, &record, sizeof(record));
	if (record.length > 0)
		dbops_capture_arena_write(writer, words, record.length);
	dbops_parameters_forget();
}

/* The statement's own part of the text. */
static const char *
find_query(const CaptureSource *source, int *length)
{
	int whole = strlen(source->text);
	int location = source->location;

	*length = source->length;
	/* Not to be trusted where an error was raised. */
	if (location < 0 || location > whole || *length < 0 || *length > whole - location)
	{
		location = 0;
		*length = 0;
	}
	return CleanQuerytext(source->text, &location, length);
}

/* Writes the record; 0 if there is no room. */
static uint32
write_record(const StatementKey *key, int64 ns, const CaptureSource *source, Size *bytes)
{
	ArenaWriter writer = {0};
	ParamListInfo params = source->params;
	const char *path = namespace_search_path != NULL ? namespace_search_path : "";
	int whole;
	const char *query = find_query(source, &whole);
	Size share = (Size) dbops_guc_capture_size * 1024 / ARENA_SHARE;
	int limit = Min(CAPTURE_QUERY_BYTES, Max(share, LEAST_QUERY_BYTES));
	RecordHead head = {.key = *key,
	                   .captured_at = dbops_clock_now(),
	                   .duration_ns = ns,
	                   .session_userid = GetSessionUserId(),
	                   .encoding = GetDatabaseEncoding(),
	                   .has_values = dbops_guc_capture_values};

	head.query_length = dbops_encoding_clip(query, whole, limit);
	head.path_length = dbops_encoding_clip(path, strlen(path), CAPTURE_PATH_BYTES);
	/* Procedural languages look a value up when it is asked for: not here. */
	head.named_parameters = params != NULL && params->paramFetch != NULL;
	if (params != NULL && !head.named_parameters)
		head.nparameters = Min(params->numParams, CAPTURE_PARAMETERS);
	head.truncated =
	    head.query_length < whole || (head.nparameters > 0 && head.nparameters < params->numParams);

	dbops_capture_arena_write(&writer, &head, sizeof(head));
	dbops_capture_arena_write(&writer, query, head.query_length);
	dbops_capture_arena_write(&writer, path, head.path_length);
	for (uint32 i = 0; i < head.nparameters; i++)
		write_parameter(&writer, &params->params[i], head.has_values, !source->fleeting);
	*bytes = writer.bytes;
	return dbops_capture_arena_finish(&writer);
}

void
dbops_captures_take(const StatementKey *key, int64 duration_ns, const CaptureSource *source)
{
	CaptureSlot *slot;
	uint64 before;
	uint32 chain;
	Size bytes;

	/* The script of an extension is a thousand statements that nobody asks about again. */
	if (source->text == NULL || key->queryid == 0 || (creating_extension && !key->toplevel))
		return;
	slot = dbops_statements_capture(key);
	if (slot == NULL)
		return;
	before = pg_atomic_read_u64(&slot->chain);
	if (!dbops_capture_slot_claim(slot, duration_ns))
		return;
	chain = write_record(key, duration_ns, source, &bytes);
	if (chain == 0)
	{
		dbops_capture_slot_suspend(slot);
		dbops_capture_arena_count_refused();
		return;
	}
	slot->bytes = bytes;
	slot->captured_at = dbops_clock_now();
	dbops_capture_slot_exchange(slot, before, chain);
}

/* Ages, in epochs, that are told apart when captures are dropped. */
#define AGES 256

static int
age_of(const StatementCopy *copy, uint32 epoch)
{
	return Min(epoch - copy->epoch, AGES - 1);
}

/* The least age such that all captures of that age or older give the bytes wanted. */
static int
find_age(uint32 epoch, int64 wanted)
{
	int64 bytes[AGES] = {0};
	StatementScan scan = {0};
	StatementCopy copy;
	int age = AGES - 1;

	while (dbops_statements_next(&scan, &copy))
		bytes[age_of(&copy, epoch)] += copy.capture->bytes;
	for (; age > 0 && wanted > bytes[age]; age--)
		wanted -= bytes[age];
	return age;
}

/* Makes room for so many bytes, the statements not seen for longest first. */
static void
drop_oldest(int64 wanted)
{
	uint32 epoch = dbops_statements_epoch();
	int age = find_age(epoch, wanted);
	StatementScan scan = {0};
	StatementCopy copy;

	while (wanted > 0 && dbops_statements_next(&scan, &copy))
	{
		if (age_of(&copy, epoch) < age || copy.capture->bytes == 0)
			continue;
		wanted -= copy.capture->bytes;
		dbops_capture_slot_drop(copy.capture);
	}
}

void
dbops_captures_tend(void)
{
	TimestampTz renew_before = dbops_clock_now() - RENEW_AFTER;
	StatementScan scan = {0};
	StatementCopy copy;
	ArenaState arena;

	dbops_capture_arena_state(&arena);
	if (arena.capacity_bytes == 0)
		return;
	if (arena.used_bytes > arena.capacity_bytes * NEARLY_FULL)
		drop_oldest(arena.capacity_bytes * DROP_SHARE);
	while (dbops_statements_next(&scan, &copy))
	{
		if (copy.capture->captured_at < renew_before)
			dbops_capture_slot_renew(copy.capture);
	}
}

void
dbops_captures_state(CapturesState *state)
{
	ArenaState arena;

	dbops_capture_arena_state(&arena);
	state->used_bytes = arena.used_bytes;
	state->capacity_bytes = arena.capacity_bytes;
	state->not_captured = arena.refused;
}
