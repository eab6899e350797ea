/*
 * expose/shipping_status.c
 *		How a standby gets on with shipping; see shipping_status.h.
 *
 * A file of its own because it looks at the ring, too: how far behind the primary is depends on
 * what has been sampled, not on what the gateway has seen of it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/guc.h"
#include "expose/shipping_status.h"
#include "store/quiet.h"
#include "worker/control.h"

/* How long it is told that something was refused or missed. */
#define SHOWN_US USECS_PER_HOUR

/* Clocks that differ by more put what both servers saw into another order. */
#define CLOCK_US (10 * USECS_PER_SEC)

/* Beyond what a quiet time makes it wait, and then some. */
#define LATE_US (QUIET_SPAN_US + USECS_PER_MINUTE)

/* Since when the oldest sample waits that the primary does not have, in µs; 0: none does. */
static int64
behind_us(const ShippingState *shipping)
{
	Tick tick;
	char *data;

	if (!dbops_ring_next(shipping->seq, RING_ANY_FAMILY, &tick, &data))
		return 0;
	pfree(data);
	return Max(dbops_clock_now() - tick.at, 0);
}

static char *
in_words(const ShippingState *shipping, int64 waits_us)
{
	return psprintf("%s: %lld samples delivered, behind by %lld s", shipping->destination,
	                (long long) shipping->delivered, (long long) (waits_us / USECS_PER_SEC));
}

static bool
is_lately(TimestampTz at)
{
	return at != 0 && dbops_clock_now() - at < SHOWN_US;
}

static void
find_failure(const ShippingState *shipping, int64 waits_us, Finding *finding)
{
	finding->level = FINDING_WARNING;
	finding->detail = psprintf("%s; samples wait for %lld s", shipping->problem,
	                           (long long) (waits_us / USECS_PER_SEC));
	finding->hint =
	    shipping->hint[0] != '\0' ?
	        pstrdup(shipping->hint) :
	        "See that the primary can be reached by dbops.primary_conninfo from here; "
	        "it is tried again within a minute, and nothing is lost while memory has it.";
}

/* It works; is there anything to be told all the same? */
static void
find_details(const ShippingState *shipping, int64 waits_us, Finding *finding)
{
	char *words = in_words(shipping, waits_us);
	int64 off_us = Max(shipping->clock_ahead_us, -shipping->clock_ahead_us);

	finding->level = FINDING_WARNING;
	finding->detail = words;
	if (is_lately(shipping->refused_at))
	{
		finding->detail = psprintf("%s; refused: %lld, the last: %s", words,
		                           (long long) shipping->refused, shipping->refusal);
		finding->hint = "What is refused stays in this server's memory alone, and goes with it.";
	}
	else if (is_lately(shipping->missed_at))
	{
		finding->detail = psprintf("%s; overwritten before they were delivered: %lld", words,
		                           (long long) shipping->missed);
		finding->hint =
		    psprintf("Raise dbops.ring_size (now %d kB) and restart.", dbops_guc_ring_size);
	}
	else if (off_us > CLOCK_US)
	{
		finding->detail = psprintf("%s; the clock here is %lld s %s the primary's", words,
		                           (long long) (off_us / USECS_PER_SEC),
		                           shipping->clock_ahead_us > 0 ? "ahead of" : "behind");
		finding->hint = "Set the clocks of both servers.";
	}
	else if (waits_us <= LATE_US)
		finding->level = FINDING_OK;
}

void
dbops_shipping_status_find(Finding *finding)
{
	const ShippingState *shipping = &dbops_control()->shipping;
	int64 waits_us = behind_us(shipping);

	if (shipping->problem[0] != '\0')
		find_failure(shipping, waits_us, finding);
	else if (!shipping->works)
	{
		finding->level = FINDING_UNKNOWN;
		finding->detail = "the gateway connects to the primary";
	}
	else
		find_details(shipping, waits_us, finding);
}
