/*
 * store/restore_tests.h
 *		The ledger of restore tests: the table dbops.restore_tests.
 *
 * A file of its own because what operators record is theirs: it travels with a dump of the
 * database, which the catalogue of backups does not.
 */
#pragma once

#include "datatype/timestamp.h"

typedef struct RestoreTest
{
	bool ok;
	const Interval *took; /* NULL: unknown, as with the texts */
	const char *tool;
	const char *label;
	const char *error;
	const char *note;
	const char *recorded_by;
	int64 size_bytes; /* -1: unknown */
	TimestampTz tested_at;
} RestoreTest;

/*
 * Records a test of the newest good backup that tool and label fit; returns the id of its row, or 0
 * if there is no such backup.
 */
extern int64 dbops_restore_tests_record(const RestoreTest *test);
