/*
 * track/capture_reader.c
 *		Copying captures out of shared memory; see captures.h.
 *
 * A record may be exchanged while it is read, and its blocks given to another.  So lengths are
 * bounded, and what was read counts only if the slot holds the same chain afterwards.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "core/encoding.h"
#include "track/capture_arena.h"
#include "track/capture_record.h"
#include "track/captures.h"

#define ATTEMPTS 10

static char *
read_text(ArenaReader *reader, uint32 length, int encoding)
{
	char *words = palloc(length + 1);

	if (!dbops_capture_arena_read(reader, words, length))
		return NULL;
	words[length] = '\0';
	dbops_encoding_fit(words, encoding);
	return words;
}

static bool
read_parameter(ArenaReader *reader, CapturedParameter *parameter, int encoding)
{
	RecordParameter record;

	if (!dbops_capture_arena_read(reader, &record, sizeof(record)) ||
	    record.length > CAPTURE_VALUE_BYTES)
		return false;
	parameter->type = record.type;
	parameter->known = record.length != RECORD_VALUE_UNKNOWN;
	parameter->value = NULL;
	if (record.length < 0)
		return true;
	parameter->value = read_text(reader, record.length, encoding);
	return parameter->value != NULL;
}

/* Reads the chain; NULL if it is none any more. */
static Capture *
read_record(uint32 chain)
{
	ArenaReader reader = {.block = chain};
	Capture *capture = palloc0(sizeof(Capture));
	RecordHead head;

	if (!dbops_capture_arena_read(&reader, &head, sizeof(head)) ||
	    head.query_length > CAPTURE_QUERY_BYTES || head.path_length > CAPTURE_PATH_BYTES ||
	    head.nparameters > CAPTURE_PARAMETERS)
		return NULL;
	capture->key = head.key;
	capture->session_userid = head.session_userid;
	capture->captured_at = head.captured_at;
	capture->duration_ns = head.duration_ns;
	capture->truncated = head.truncated;
	capture->named_parameters = head.named_parameters;
	capture->has_values = head.has_values;
	capture->nparameters = head.nparameters;
	capture->parameters = palloc(sizeof(CapturedParameter) * head.nparameters);
	capture->query = read_text(&reader, head.query_length, head.encoding);
	capture->search_path = read_text(&reader, head.path_length, head.encoding);
	for (uint32 i = 0; i < head.nparameters; i++)
	{
		if (!read_parameter(&reader, &capture->parameters[i], head.encoding))
			return NULL;
	}
	return capture->query != NULL && capture->search_path != NULL ? capture : NULL;
}

static Capture *
read_capture(CaptureSlot *slot)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		uint64 before = pg_atomic_read_u64(&slot->chain);
		Capture *capture;

		if ((uint32) before == 0)
			return NULL;
		pg_read_barrier();
		capture = read_record((uint32) before);
		pg_read_barrier();
		if (capture != NULL && pg_atomic_read_u64(&slot->chain) == before)
			return capture;
	}
	return NULL;
}

Capture *
dbops_captures_next(StatementScan *scan, uint64 queryid)
{
	StatementCopy copy;

	while (dbops_statements_next(scan, &copy))
	{
		Capture *capture;

		if (queryid != 0 && copy.key.queryid != queryid)
			continue;
		capture = read_capture(copy.capture);
		/* The slot may belong to another statement by now. */
		if (capture != NULL && dbops_statements_same_key(&capture->key, &copy.key))
			return capture;
	}
	return NULL;
}

bool
dbops_captures_visible(Oid userid)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
	       has_privs_of_role(GetUserId(), userid);
}
