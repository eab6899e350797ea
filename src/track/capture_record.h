/*
 * track/capture_record.h
 *		A capture as it lies in the arena.
 *
 * The head, then the text, then the search_path, then for each parameter a RecordParameter and its
 * value.
 */
#pragma once

#include "datatype/timestamp.h"

#include "track/statements.h"

#define CAPTURE_QUERY_BYTES (64 * 1024) /* less if the arena is small */
#define CAPTURE_PATH_BYTES 2048
#define CAPTURE_PARAMETERS 1000
#define CAPTURE_VALUE_BYTES 1000

#define RECORD_VALUE_NULL (-1)
#define RECORD_VALUE_UNKNOWN (-2)

typedef struct RecordHead
{
	StatementKey key;
	TimestampTz captured_at;
	int64 duration_ns;
	Oid session_userid;
	int encoding;
	uint32 query_length;
	uint32 path_length;
	uint32 nparameters;
	bool truncated;
	bool named_parameters;
	bool has_values;
} RecordHead;

typedef struct RecordParameter
{
	Oid type;
	int32 length; /* of the value, or one of RECORD_VALUE_ */
} RecordParameter;
