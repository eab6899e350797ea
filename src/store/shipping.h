/*
 * store/shipping.h
 *		Ticks of a standby on their way to its primary, which the gateway carries.
 *
 * A file of its own because what leaves the ring here is what store/receive.c takes, and nothing
 * else does: ticks of families, as they are or, of a quiet time, merged as they would be stored,
 * and texts of statements that no table has.  What came from the primary is in tables, never in the
 * ring, so it cannot go back.
 */
#pragma once

#include "store/object_batch.h"
#include "store/quiet.h"

typedef struct Consignment
{
	TickBatch ticks; /* by seq; palloc'd */
	bool more;       /* it is all that is taken at once */
	int64 missed;    /* that the ring had no room for, and that came after `after` */
} Consignment;

/*
 * What is to be shipped after a tick, a bounded amount; nothing while it is of a quiet time and not
 * worth it yet.
 */
extern void dbops_shipping_read(int64 after, Consignment *consignment);

/* Texts of statements that ran on this standby, to be shipped with its ticks. */
extern void dbops_shipping_add_texts(const NamedObject *statements, int count);
