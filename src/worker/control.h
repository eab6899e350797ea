/*
 * worker/control.h
 *		What the workers and the functions that wait for them share: who runs, what was asked for,
 *		what is done, and what went wrong.
 *
 * A request is a number that counts up.  Sampler and keeper each publish the last request they have
 * served; whoever waits sleeps on one condition variable.  Every field is written by one process.
 */
#pragma once

#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"

#include "core/tx.h"
#include "worker/advise_requests.h"
#include "worker/breaker.h"
#include "worker/launch.h"

typedef enum WorkerKind
{
	WORKER_SAMPLER,
	WORKER_KEEPER,
	WORKER_READER,  /* of the catalogues of backup tools; comes and goes */
	WORKER_GATEWAY, /* while dbops.http_listen or dbops.primary_conninfo wants it */
	WORKER_KINDS
} WorkerKind;

/* Why ticks stay in the ring instead of going into tables. */
typedef enum StoreState
{
	STORE_STARTING,
	STORE_OK,
	STORE_NO_DATABASE,  /* dbops.database does not exist, or cannot be connected to */
	STORE_NO_EXTENSION, /* it lacks CREATE EXTENSION dbops */
	STORE_RECOVERY,     /* standby: history stays in the ring */
	STORE_FAILED,       /* the last attempt raised an error: see the keeper's task error */
	STORE_NO_WORKER,    /* no free slot in max_worker_processes */
} StoreState;

/* Name of the keeper's task that moves ticks into tables. */
#define STORE_TASK "store"

/* Something a worker does again and again, for status(). */
typedef struct TaskState
{
	char name[32]; /* empty: slot unused */
	TimestampTz last_at;
	int64 last_us;
	int64 skipped;  /* times the breaker left it out */
	int skips_left; /* rounds it is still left out */
	bool expensive; /* not for the first time */
	TaskError error;
} TaskState;

#define TASK_STATES 64

typedef struct WorkerState
{
	pid_t pid; /* 0 when it does not run */
	Latch *latch;
	TimestampTz started_at;
	TimestampTz last_at;          /* when it last finished a round */
	uint64 served;                /* request */
	TaskState tasks[TASK_STATES]; /* written by the worker, read by anyone without a lock */
} WorkerState;

/* How visits to databases go; written by the sampler. */
typedef struct InspectorState
{
	bool no_slot;      /* the last visit found no free slot in max_worker_processes */
	int failing;       /* databases whose last visit did not finish */
	Oid failing_datid; /* one of them */
	TaskError error;   /* what its visit said, if anything */
	int unfinished;    /* databases that the visits so far have not read to the end */
	Oid unfinished_datid;
	bool full; /* no more relations are taken in */
} InspectorState;

/* How searches for indexes go; written by the keeper. */
typedef struct AdviserState
{
	bool no_slot;      /* the last search found no free slot in max_worker_processes */
	int failing;       /* databases whose last search failed */
	Oid failing_datid; /* one of them */
	char error[256];   /* and why */
} AdviserState;

/* How the gateway fares. */
typedef struct GatewayState
{
	LaunchState launch; /* the sampler's; what follows is the gateway's own */
	char listening[256];
	char problem[256]; /* empty: all is as the settings want it */
	int64 requests;    /* answered since it began */
	int64 refused;     /* with a status from 400 on */
	int64 failed;      /* with a status from 500 on */
} GatewayState;

/* How the gateway of a standby ships; its own. */
typedef struct ShippingState
{
	bool works; /* the last delivery, or greeting, went well */
	TimestampTz reported_at;
	int64 seq;        /* up to which the primary has all ticks */
	int64 delivered;  /* ticks since the gateway began, */
	int64 deliveries; /* in so many of these, */
	int64 bytes;      /* of so much text */
	int64 refused;
	int64 missed; /* that the ring had no room for before they were delivered */
	int64 clock_ahead_us;
	TimestampTz refused_at; /* when that grew last */
	TimestampTz missed_at;
	char destination[256];
	char problem[256];
	char hint[256];
	char refusal[512];
} ShippingState;

typedef struct WorkerControl
{
	pg_atomic_uint64 requested;
	ConditionVariable served;
	StoreState store;
	Trouble trouble; /* of the machine or the server, at the last wide round; the sampler's */
	bool
	    names_wanted; /* set by the keeper when the dictionary is a new one, cleared by the sampler */
	InspectorState inspector;
	AdviserState adviser;
	GatewayState gateway;
	ShippingState shipping;
	AdviseRequests advice_wanted;
	WorkerState workers[WORKER_KINDS];
} WorkerControl;

extern Size dbops_control_shmem_size(void);
extern void dbops_control_shmem_init(void);

/* NULL when the library is not preloaded. */
extern WorkerControl *dbops_control(void);

/* Announces the calling process as the worker of that kind, until it exits. */
extern WorkerState *dbops_control_enlist(WorkerKind kind);

/* Forgets what a kind of worker that does not run has failed at. */
extern void dbops_control_forget(WorkerKind kind);

/* Wakes a worker if it runs. */
extern void dbops_control_wake(WorkerKind kind);

/* Publishes that all requests up to `request` are served, and wakes who waits. */
extern void dbops_control_serve(WorkerState *worker, uint64 request);

/* The state kept under a task's name. */
extern TaskState *dbops_control_task(WorkerState *worker, const char *name);

/*
 * Runs a task of this worker by dbops_tx_run and keeps its state under the task's name.
 */
extern bool dbops_control_run(WorkerState *worker, const Task *task, void *arg);

/* As people see it: "sampler", "keeper". */
extern const char *dbops_control_worker_name(WorkerKind kind);

/* One word for a state, as status() shows it. */
extern const char *dbops_control_store_name(StoreState state);
