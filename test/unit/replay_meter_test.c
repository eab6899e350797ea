/*
 * test/unit/replay_meter_test.c
 *		How fast a standby replays: by series of answers, and what in them tells nothing.
 *
 * sources: src/collect/replay_meter.c
 */
#include "postgres.h"

#include "collect/replay_meter.h"

#include "tap.h"

#define MB (INT64CONST(1024) * 1024)
#define PLENTY (REPLAY_METER_PLENTY / MB)
#define LONGEST (REPLAY_METER_LONGEST_US / 1000)
#define BASE (INT64CONST(1) << 40)
#define MAX_ANSWERS 6

typedef struct Answer
{
	int64 flushed; /* MB; -1: the connection is another one */
	int64 replayed;
	int64 at; /* ms */
} Answer;

typedef struct Example
{
	const char *name;
	Answer answers[MAX_ANSWERS];
	int64 bytes; /* MB */
	int64 ms;
} Example;

#define AGAIN    \
	{            \
		-1, 0, 0 \
	}

static const Example examples[] = {
    {"one answer tells nothing", {{100, 0, 1}}, 0, 0},
    {"plenty to replay at both ends", {{100, 0, 1}, {200, 50, 501}}, 50, 500},
    {"just plenty", {{PLENTY, 0, 1}, {2 * PLENTY, PLENTY, 501}}, PLENTY, 500},
    {"a little less at the beginning", {{PLENTY - 1, 0, 1}, {200, 50, 501}}, 0, 0},
    {"a little less at the end, and more than was there",
     {{100, 0, 1}, {100 + PLENTY, 101, 501}},
     0,
     0},
    {"nothing left at the end, and all of it was there", {{100, 0, 1}, {100, 100, 501}}, 100, 500},
    {"several spans",
     {{100, 0, 1}, {200, 50, 501}, {300, 80, 801}, {300, 200, 2001}, {300, 300, 3001}},
     300,
     3000},
    {"the next time it is behind counts anew",
     {{100, 0, 1}, {100, 100, 501}, {200, 110, 601}, {200, 130, 701}},
     20,
     100},
    {"what was learned stays when it has caught up",
     {{100, 0, 1}, {100, 100, 501}, {101, 101, 601}, {102, 102, 701}},
     100,
     500},
    {"the span in which it stood still, and the one in which it went on, are left out",
     {{100, 0, 1}, {100, 0, 501}, {100, 10, 601}, {100, 20, 701}},
     10,
     100},
    {"it did not stand still when it had nothing to do",
     {{0, 0, 1}, {0, 0, 501}, {100, 0, 601}, {100, 20, 701}},
     20,
     100},
    {"answers too far apart", {{100, 0, 1}, {200, 50, 2 + LONGEST}}, 0, 0},
    {"just not too far", {{100, 0, 1}, {200, 50, 1 + LONGEST}}, 50, LONGEST},
    {"the same answer seen twice", {{100, 0, 1}, {100, 0, 1}, {200, 50, 501}}, 50, 500},
    {"a clock that goes back", {{100, 0, 501}, {200, 50, 1}, {300, 60, 101}}, 10, 100},
    {"a standby that was made anew", {{100, 50, 1}, {200, 10, 501}, {300, 60, 601}}, 50, 100},
    {"another connection follows on nothing", {{100, 0, 1}, AGAIN, {200, 50, 501}}, 0, 0},
};

static void
run_example(const Example *example)
{
	ReplayMeter meter = {0};

	for (int i = 0; i < MAX_ANSWERS && example->answers[i].at + example->answers[i].flushed != 0;
	     i++)
	{
		const Answer *answer = &example->answers[i];

		if (answer->flushed < 0)
			dbops_replay_meter_interrupt(&meter);
		else
			dbops_replay_meter_note(&meter, BASE + answer->flushed * MB,
			                        BASE + answer->replayed * MB, answer->at * 1000);
	}
	is_int(meter.bytes / MB, example->bytes, "%s: WAL", example->name);
	is_int(meter.us / 1000, example->ms, "%s: time", example->name);
}

int
main(void)
{
	ReplayMeter meter = {0};

	for (int i = 0; i < lengthof(examples); i++)
		run_example(&examples[i]);
	ok(!dbops_replay_meter_is_behind(&meter), "without an answer nothing is behind");
	dbops_replay_meter_note(&meter, BASE + REPLAY_METER_PLENTY, InvalidXLogRecPtr, 1);
	ok(!dbops_replay_meter_is_behind(&meter), "a receiver replays nothing, and is never behind");
	dbops_replay_meter_note(&meter, BASE + REPLAY_METER_PLENTY, BASE + 1, 1);
	ok(!dbops_replay_meter_is_behind(&meter), "little is not behind");
	dbops_replay_meter_note(&meter, BASE + REPLAY_METER_PLENTY, BASE, 2);
	ok(dbops_replay_meter_is_behind(&meter), "plenty is");
	return tap_done();
}
