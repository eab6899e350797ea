/*
 * collect/replay_meter.c
 *		How fast a standby replays WAL while it catches up; see replay_meter.h.
 */
#include "postgres.h"

#include "collect/replay_meter.h"

static int64
waiting(XLogRecPtr flushed, XLogRecPtr replayed)
{
	return flushed > replayed ? (int64) (flushed - replayed) : 0;
}

static bool
counts(const ReplayMeter *meter, XLogRecPtr flushed, XLogRecPtr replayed)
{
	int64 before = waiting(meter->flushed, meter->replayed);

	return !meter->stood && before >= REPLAY_METER_PLENTY &&
	       (waiting(flushed, replayed) >= REPLAY_METER_PLENTY ||
	        (int64) (replayed - meter->replayed) <= before);
}

static void
add_span(ReplayMeter *meter, int64 bytes, int64 us)
{
	if (meter->rests)
	{
		meter->bytes = 0;
		meter->us = 0;
		meter->rests = false;
	}
	meter->bytes += bytes;
	meter->us += us;
}

bool
dbops_replay_meter_note(ReplayMeter *meter, XLogRecPtr flushed, XLogRecPtr replayed, TimestampTz at)
{
	int64 us = at - meter->at;
	bool follows =
	    meter->at != 0 && us > 0 && us <= REPLAY_METER_LONGEST_US && replayed >= meter->replayed;
	bool counted;

	if (at == 0 || at == meter->at || replayed == InvalidXLogRecPtr)
		return false;
	counted = follows && replayed > meter->replayed && counts(meter, flushed, replayed);
	if (counted)
		add_span(meter, (int64) (replayed - meter->replayed), us);
	meter->stood =
	    follows && replayed == meter->replayed && waiting(meter->flushed, meter->replayed) > 0;
	meter->flushed = flushed;
	meter->replayed = replayed;
	meter->at = at;
	if (waiting(flushed, replayed) == 0)
		meter->rests = true;
	return counted;
}

void
dbops_replay_meter_interrupt(ReplayMeter *meter)
{
	meter->at = 0;
	meter->stood = false;
}

bool
dbops_replay_meter_is_behind(const ReplayMeter *meter)
{
	return meter->at != 0 && waiting(meter->flushed, meter->replayed) >= REPLAY_METER_PLENTY;
}
