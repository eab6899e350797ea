/*
 * track/freelist.h
 *		Numbers of free things in shared memory, without a lock.
 *
 * A stack of numbers 1 .. capacity, linked through an array that the owner keeps, and behind it the
 * numbers never given out, so that shared memory is touched only when it is needed.  The head
 * carries a tag that changes with each operation: a number that came and went between a read and
 * the exchange does not fool anybody.
 */
#pragma once

#include "port/atomics.h"

typedef struct Freelist
{
	pg_atomic_uint64 head;  /* tag in the upper half, first free number in the lower, 0 = none */
	pg_atomic_uint32 fresh; /* numbers given out for the first time so far */
	pg_atomic_uint32 used;
	uint32 capacity;
} Freelist;

static inline void
dbops_freelist_init(Freelist *list, uint32 capacity)
{
	pg_atomic_init_u64(&list->head, 0);
	pg_atomic_init_u32(&list->fresh, 0);
	pg_atomic_init_u32(&list->used, 0);
	list->capacity = capacity;
}

/* The link of a free number, inside the free thing itself. */
typedef pg_atomic_uint32 *(*FreelistLink)(uint32 number);

/* Takes a number, or 0 when all are in use. */
static inline uint32
dbops_freelist_pop(Freelist *list, FreelistLink link)
{
	uint64 head = pg_atomic_read_u64(&list->head);
	uint32 fresh;

	while ((uint32) head != 0)
	{
		uint32 number = (uint32) head;
		uint64 next = (((head >> 32) + 1) << 32) | pg_atomic_read_u32(link(number));

		if (pg_atomic_compare_exchange_u64(&list->head, &head, next))
		{
			pg_atomic_fetch_add_u32(&list->used, 1);
			return number;
		}
	}
	fresh = pg_atomic_read_u32(&list->fresh);
	while (fresh < list->capacity)
	{
		if (pg_atomic_compare_exchange_u32(&list->fresh, &fresh, fresh + 1))
		{
			pg_atomic_fetch_add_u32(&list->used, 1);
			return fresh + 1;
		}
	}
	return 0;
}

static inline void
dbops_freelist_push(Freelist *list, FreelistLink link, uint32 number)
{
	uint64 head = pg_atomic_read_u64(&list->head);
	uint64 next;

	do
	{
		pg_atomic_write_u32(link(number), (uint32) head);
		next = (((head >> 32) + 1) << 32) | number;
	} while (!pg_atomic_compare_exchange_u64(&list->head, &head, next));
	pg_atomic_fetch_sub_u32(&list->used, 1);
}

/* Gives back a number and those linked behind it; 0 ends the chain. */
static inline void
dbops_freelist_push_chain(Freelist *list, FreelistLink link, uint32 first)
{
	while (first != 0)
	{
		uint32 next = pg_atomic_read_u32(link(first));

		dbops_freelist_push(list, link, first);
		first = next;
	}
}
