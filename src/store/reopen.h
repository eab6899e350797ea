/*
 * store/reopen.h
 *		Windows that were packed before all of their ticks were there.
 *
 * A file of its own because it undoes what rollup has done.  Ticks of this server are packed when
 * their time is over; those of a standby that was cut off come late, by as much as its ring holds.
 */
#pragma once

#include "store/scan.h"

/*
 * Takes away the chunks of a family and node that end after `place`, which rollup then makes anew.
 * A resolution whose source has lost part of what its chunks were made of stays as it is: what
 * comes late is then read where ticks are, as long as those are kept.
 */
extern void dbops_reopen_from(const HistoryKey *key, TimestampTz place);
