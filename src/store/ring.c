/*
 * store/ring.c
 *		The ring of recent ticks in shared memory; see ring.h.
 *
 * The segment holds an index and a circular buffer of records (a Tick, then its data).  Positions
 * are 64-bit offsets that only grow; a record never straddles the buffer's end, the rest before the
 * end is skipped.  Sequence numbers are dense, so the index finds a record by seq % INDEX_SLOTS.
 */
#include "postgres.h"

#include "storage/dsm.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "core/clock.h"
#include "core/compat.h"
#include "core/guc.h"
#include "store/ring.h"

#define INDEX_SLOTS 16384
#define FAMILY_IDS 64

typedef struct RingControl
{
	LWLock lock;
	dsm_handle handle; /* 0 until the sampler made the segment */
	Size size;         /* of the circular buffer */
	int64 boot;
	int64 first_seq; /* oldest record; last_seq + 1 when empty */
	int64 last_seq;
	int64 stored_seq;
	uint64 head; /* where the oldest record is */
	uint64 tail; /* where the next one goes */
	int64 dropped;
	int64 lost;
	TimestampTz last_at[FAMILY_IDS];
} RingControl;

typedef struct RingSegment
{
	uint64 index[INDEX_SLOTS];
	char buffer[FLEXIBLE_ARRAY_MEMBER];
} RingSegment;

static RingControl *control = NULL;
static RingSegment *segment = NULL;

Size
dbops_ring_shmem_size(void)
{
	return MAXALIGN(sizeof(RingControl));
}

void
dbops_ring_shmem_init(void)
{
	bool found;

	control = ShmemInitStruct("dbops ring", dbops_ring_shmem_size(), &found);
	if (found)
		return;
	memset(control, 0, sizeof(*control));
	LWLockInitialize(&control->lock, dbops_compat_new_tranche("dbops_ring"));
	control->boot = dbops_clock_now();
	control->first_seq = 1;
}

static void
map_segment(dsm_segment *mapped)
{
	dsm_pin_mapping(mapped);
	segment = dsm_segment_address(mapped);
}

void
dbops_ring_create(void)
{
	Size size = MAXALIGN_DOWN((Size) dbops_guc_ring_size * 1024);
	dsm_segment *created;

	if (dbops_ring_attach())
		return;
	created = dsm_create(offsetof(RingSegment, buffer) + size, 0);
	dsm_pin_segment(created);
	map_segment(created);
	LWLockAcquire(&control->lock, LW_EXCLUSIVE);
	control->size = size;
	control->handle = dsm_segment_handle(created);
	LWLockRelease(&control->lock);
}

bool
dbops_ring_attach(void)
{
	dsm_segment *attached;

	if (segment != NULL)
		return true;
	if (control == NULL || control->handle == 0)
		return false;
	attached = dsm_attach(control->handle);
	if (attached == NULL)
		return false;
	map_segment(attached);
	return true;
}

static Size
record_size(int32 data_size)
{
	return MAXALIGN(sizeof(Tick)) + MAXALIGN(data_size);
}

static Tick *
record_at(uint64 offset)
{
	return (Tick *) &segment->buffer[offset % control->size];
}

/* Forgets the oldest record.  Exclusive lock held. */
static void
evict_oldest(void)
{
	if (control->first_seq > control->stored_seq)
		control->lost++;
	control->first_seq++;
	control->head = control->first_seq > control->last_seq ?
	                    control->tail :
	                    segment->index[control->first_seq % INDEX_SLOTS];
}

/* Where a record of `size` bytes goes: room is made for it.  Exclusive lock held. */
static uint64
make_room(Size size)
{
	uint64 start = control->tail;
	Size to_end = control->size - start % control->size;

	if (to_end < size)
		start += to_end;
	while (control->first_seq <= control->last_seq &&
	       (start + size - control->head > control->size ||
	        control->last_seq - control->first_seq + 1 >= INDEX_SLOTS))
		evict_oldest();
	return start;
}

bool
dbops_ring_append(Tick *tick, const void *data)
{
	Size size = record_size(tick->size);
	uint64 start;

	Assert(tick->family >= 0 && tick->family < FAMILY_IDS);
	if (!dbops_ring_attach())
		return false;

	LWLockAcquire(&control->lock, LW_EXCLUSIVE);
	if (size > control->size / 4)
	{
		control->dropped++;
		LWLockRelease(&control->lock);
		return false;
	}
	start = make_room(size);
	tick->boot = control->boot;
	tick->seq = control->last_seq + 1;
	if (tick->at == control->last_at[tick->family])
		tick->at++;
	control->last_at[tick->family] = tick->at;
	memcpy(record_at(start), tick, sizeof(Tick));
	memcpy((char *) record_at(start) + MAXALIGN(sizeof(Tick)), data, tick->size);
	segment->index[tick->seq % INDEX_SLOTS] = start;
	if (control->first_seq > control->last_seq)
		control->head = start;
	control->last_seq = tick->seq;
	control->tail = start + size;
	LWLockRelease(&control->lock);
	return true;
}

/* First record with seq > after, of the family; lock held. */
static const Tick *
find_next(int64 after, int16 family)
{
	for (int64 seq = Max(after + 1, control->first_seq); seq <= control->last_seq; seq++)
	{
		const Tick *tick = record_at(segment->index[seq % INDEX_SLOTS]);

		if (family == RING_ANY_FAMILY || tick->family == family)
			return tick;
	}
	return NULL;
}

bool
dbops_ring_next(int64 after, int16 family, Tick *tick, char **data)
{
	if (!dbops_ring_attach())
		return false;

	/* Memory is allocated between two looks: never an error with the lock held. */
	for (Size room = 0;;)
	{
		char *copy = room > 0 ? palloc_extended(room, MCXT_ALLOC_HUGE) : NULL;
		const Tick *found;
		bool fits;

		LWLockAcquire(&control->lock, LW_SHARED);
		found = find_next(after, family);
		if (found == NULL)
		{
			LWLockRelease(&control->lock);
			return false;
		}
		*tick = *found;
		fits = copy != NULL && tick->size <= room;
		if (fits)
			memcpy(copy, (const char *) found + MAXALIGN(sizeof(Tick)), tick->size);
		LWLockRelease(&control->lock);
		if (fits)
		{
			*data = copy;
			return true;
		}
		room = Max(tick->size, 1);
	}
}

int64
dbops_ring_stored(void)
{
	return control == NULL ? 0 : control->stored_seq;
}

void
dbops_ring_set_stored(int64 seq)
{
	LWLockAcquire(&control->lock, LW_EXCLUSIVE);
	control->stored_seq = Max(control->stored_seq, seq);
	LWLockRelease(&control->lock);
}

int64
dbops_ring_boot(void)
{
	return control == NULL ? 0 : control->boot;
}

void
dbops_ring_state(RingState *state)
{
	memset(state, 0, sizeof(*state));
	if (!dbops_ring_attach())
		return;
	LWLockAcquire(&control->lock, LW_SHARED);
	state->size = control->size;
	state->used = control->tail - control->head;
	state->first_seq = control->first_seq;
	state->last_seq = control->last_seq;
	state->stored_seq = control->stored_seq;
	if (control->first_seq <= control->last_seq)
	{
		state->first_at = record_at(segment->index[control->first_seq % INDEX_SLOTS])->at;
		state->last_at = record_at(segment->index[control->last_seq % INDEX_SLOTS])->at;
	}
	state->dropped = control->dropped;
	state->lost = control->lost;
	LWLockRelease(&control->lock);
}
