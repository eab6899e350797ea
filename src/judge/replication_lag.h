/*
 * judge/replication_lag.h
 *		How far behind whoever replicates is, where the time is lost, and why.
 *
 * Pure: facts of one standby, slot, consumer, subscription or of this standby itself go in, a
 * verdict comes out.  judge/replication_facts.h gathers the facts.
 *
 * A lag in time is for how long there has been WAL that the other does not have: 0 while there is
 * none, however long nothing happens.  Where that cannot be known, as on a standby that nobody
 * tells anything any more, it is the time since it was last known to be up to date, and not
 * certain.
 */
#pragma once

typedef enum LagKind
{
	LAG_UPSTREAM,     /* this server, a standby, behind the one it receives from */
	LAG_STANDBY,      /* one that receives from this server, or did */
	LAG_RECEIVER,     /* the same, but it only keeps the WAL, as pg_receivewal does */
	LAG_CONSUMER,     /* of logical replication, by its slot here */
	LAG_SLOT,         /* physical, and nobody is known to have used it */
	LAG_SUBSCRIPTION, /* what this server receives by logical replication */
	LAG_KINDS
} LagKind;

/* What WAL goes through; a position for each. */
typedef enum LagStage
{
	LAG_SENT,
	LAG_WRITE,
	LAG_FLUSH,
	LAG_REPLAY,
	LAG_STAGES
} LagStage;

/* Of any number below. */
#define LAG_UNKNOWN PG_INT64_MIN

/* What replay does here, by the family recovery. */
typedef enum LagReplay
{
	LAG_REPLAY_RUNS,
	LAG_REPLAY_PAUSED,
	LAG_REPLAY_DELAYED,  /* recovery_min_apply_delay */
	LAG_REPLAY_CONFLICT, /* somebody reads what it has to change */
	LAG_REPLAY_IO,
} LagReplay;

typedef struct LagFacts
{
	LagKind kind;
	bool connected;
	bool catching_up;               /* says its WAL sender */
	int64 behind_us[LAG_STAGES];    /* for how long there has been WAL beyond its position */
	int64 behind_bytes[LAG_STAGES]; /* how much of it */
	int64 silent_us;                /* since it was last heard of */
	int64 usual_pause_us;           /* longest silence of the last minutes */
	int64 longest_pause_us;         /* after which it would have answered if it could */

	/* Of this standby. */
	bool caught_up; /* it has replayed all that it knows to exist */
	bool has_sender;
	bool has_archive;
	bool diverged; /* it replayed what is not in the history of the newest timeline */
	LagReplay replay;

	/* Of a slot. */
	bool has_slot;
	bool lost;
	bool copied;           /* from the primary, for this standby to have it when it takes over */
	int64 safe_bytes;      /* until it is lost; LAG_UNKNOWN where that is not limited */
	int64 disk_free_bytes; /* where WAL is */
	double wal_rate;       /* bytes a second; negative: unknown */

	bool enabled; /* a subscription */
} LagFacts;

typedef enum LagPlace
{
	LAG_PLACE_NONE,
	LAG_PLACE_SENDER,
	LAG_PLACE_NETWORK,
	LAG_PLACE_FSYNC,
	LAG_PLACE_APPLY,
	LAG_PLACES
} LagPlace;

typedef enum LagCause
{
	LAG_CAUSE_NONE,
	LAG_CAUSE_LOST,
	LAG_CAUSE_DIVERGED,
	LAG_CAUSE_DISCONNECTED,
	LAG_CAUSE_SILENT,
	LAG_CAUSE_PAUSED,
	LAG_CAUSE_CONFLICT,
	LAG_CAUSE_DELAYED,
	LAG_CAUSE_ARCHIVE_ONLY,
	LAG_CAUSE_IO,
	LAG_CAUSE_SENDING,
	LAG_CAUSE_NETWORK,
	LAG_CAUSE_FSYNC,
	LAG_CAUSE_APPLYING,
	LAG_CAUSE_CATCHING_UP,
	LAG_CAUSE_UNUSED,
	LAG_CAUSE_DISABLED,
	LAG_CAUSE_NOT_RUNNING,
	LAG_CAUSES
} LagCause;

/* How bad it is, for the order of rows. */
typedef enum LagRank
{
	LAG_FINE,
	LAG_BEHIND,  /* and on its way */
	LAG_STALLED, /* it does not catch up by itself */
	LAG_BROKEN,  /* it has to be set up anew */
} LagRank;

typedef struct LagVerdict
{
	int64 lag_us;
	bool certain;
	LagPlace lost_in;
	LagCause cause;
	LagRank rank;
	int64 wal_left_us; /* at the present rate, if it does not move: until the slot is lost, or the
						  disk is full */
	int64 loss_us;     /* what is gone if it takes over at this moment */
	int64 loss_bytes;
} LagVerdict;

extern const char *const dbops_replication_lag_kinds[LAG_KINDS];
extern const char *const dbops_replication_lag_places[LAG_PLACES]; /* NULL for none */
extern const char *const dbops_replication_lag_causes[LAG_CAUSES]; /* NULL for none */

extern void dbops_replication_lag_judge(const LagFacts *facts, LagVerdict *verdict);
