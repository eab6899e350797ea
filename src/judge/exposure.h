/*
 * judge/exposure.h
 *		What would be lost: by kind of failure, in seconds, in bytes, and at most by design.
 *
 * A copy of the data is safe up to some WAL position; what users committed behind it is lost with
 * the server.  How long ago the first such commit was is the exposure, 0 when there is none.  A
 * failure leaves some copies and destroys others, and the best of those that are left counts.
 */
#pragma once

#include "access/xlogdefs.h"

#include "judge/archiving.h"

typedef enum DisasterKind
{
	DISASTER_CRASH,  /* the server goes down and its files stay */
	DISASTER_SERVER, /* the server is gone, a standby is left */
	DISASTER_SITE,   /* the server and all standbys are gone, the archive is left */
	DISASTER_TABLE,  /* somebody drops a table; the server goes on */
	DISASTER_KINDS
} DisasterKind;

/* As words, in the order of the kinds. */
extern const char *const dbops_disaster_kinds[];

typedef enum Confidence
{
	CONFIDENCE_NONE, /* it cannot be told */
	CONFIDENCE_LOW,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH,
} Confidence;

extern const char *const dbops_confidences[];

/* A copy of the data, up to a WAL position.  FAMILY_NULL (store/family.h) is unknown. */
typedef struct SafeCopy
{
	const char *what; /* "the archive"; NULL: there is no such copy */
	XLogRecPtr lsn;
	int64 exposed_us; /* since the first commit behind it; 0: there is none */
	int64 design_us;  /* it is never longer unless something is broken; FAMILY_NULL: no limit */
	const char *unlimited; /* why there is no limit */
} SafeCopy;

typedef struct ExposureFacts
{
	XLogRecPtr flushed;
	XLogRecPtr inserted;
	bool asks_primary; /* a standby that archives nothing itself: who knows is its primary */
	ArchivingState archiving;
	char archiving_evidence[256];
	SafeCopy archive;
	SafeCopy receiver; /* one that acts as an archive */
	SafeCopy backup;   /* the last one that can be restored */
	SafeCopy dump;     /* of one database, without WAL */
	SafeCopy standby;  /* the one that is furthest */
	bool hole;         /* the archive lacks WAL that it should have since the last backup */
	bool off_commit;   /* synchronous_commit is off for the server */
	int64 writer_us;   /* wal_writer_delay */
	bool unsafe_fsync;
	bool unsafe_pages; /* full_page_writes is off */
} ExposureFacts;

typedef struct Exposure
{
	int64 rpo_us;    /* FAMILY_NULL: cannot be told, or everything */
	int64 rpo_bytes; /* likewise */
	int64 design_us; /* FAMILY_NULL: no limit */
	Confidence confidence;
	char why[384];
	char what_to_do[256];
} Exposure;

extern void
dbops_exposure_judge(const ExposureFacts *facts, DisasterKind failure, Exposure *exposure);
