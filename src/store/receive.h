/*
 * store/receive.h
 *		Ticks that a standby ships, as the primary takes them.
 *
 * A file of its own because nothing that comes from another server is trusted: each tick is looked
 * at by itself, with the decoder that readers use, and what is not as it should be is refused
 * without the rest.  Writes dbops.shipper, whose row tells, in the transaction that stored them, up
 * to which tick of which boot all of a standby's are here: so none is stored twice, whatever broke
 * in between, and a standby that is promoted knows from the row what it need not store itself.
 */
#pragma once

#include "store/quiet.h"

/* What the gateway of a standby calls its session. */
#define SHIPPING_SESSION "dbops shipping"

/* What a standby sends; without ticks it asks how far it is. */
typedef struct Shipment
{
	const char *node;
	int64 system_identifier;
	int64 boot;
	TimestampTz clock; /* of the sender, as it sent */
	TickBatch ticks;   /* by seq; data is changed where it holds names */
} Shipment;

/* What became of it. */
typedef struct Receipt
{
	int64 seq; /* up to which nothing of this boot is to be sent again */
	int stored;
	int refused;
	int sqlerrcode;    /* of the last tick refused; 0: none was */
	char message[384]; /* and why */
	const char *hint;
	int64 clock_ahead_us; /* of the sender */
} Receipt;

/* Raises an error where nothing of it can be taken.  Needs a transaction that may write. */
extern void dbops_receive(const Shipment *shipment, Receipt *receipt);

/* The last tick of a boot of this server that its tables got from another; 0: none. */
extern int64 dbops_receive_last(int64 boot);
