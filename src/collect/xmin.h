/*
 * collect/xmin.h
 *		Who keeps old row versions from being removed.
 *
 * Sessions, prepared transactions, replication slots and standbys that send feedback hold back the
 * oldest transaction whose effects somebody may still need to see.  Works in any process with
 * shared memory and takes no heavyweight lock.
 */
#pragma once

#include "postgres_ext.h"

#include "datatype/timestamp.h"

/* The numbers are stored in the history. */
typedef enum XminKind
{
	XMIN_NONE = 0,
	XMIN_SESSION = 1,
	XMIN_PREPARED = 2,
	XMIN_SLOT = 3,         /* a slot's xmin: rows of all tables */
	XMIN_SLOT_CATALOG = 4, /* a slot's catalog_xmin: rows of catalogs */
	XMIN_STANDBY = 5,      /* hot_standby_feedback without a slot */
} XminKind;

typedef struct XminHolder
{
	XminKind kind;
	int pid;   /* 0 for prepared transactions and slots */
	Oid datid; /* 0: not bound to one database */
	Oid roleid;
	TransactionId xid;  /* its own, if it has one */
	TransactionId xmin; /* the oldest it holds, its own XID included */
	int64 age;          /* transactions since then */
	NameData slot;
	TimestampTz since; /* start of the session's transaction; 0 when unknown */
} XminHolder;

/* All holders but the calling process, worst first, in the current context. */
extern XminHolder *dbops_xmin_read(int *count);

/* What SQL calls the kinds; NULL ends the list. */
extern const char *const dbops_xmin_kinds[];
