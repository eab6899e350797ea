/*
 * test/unit/advise_schedule_test.c
 *		For which database advice is computed next.
 *
 * sources: src/worker/advise_schedule.c
 */
#include "postgres.h"

#include "tap.h"
#include "worker/advise_schedule.h"

#define NOW (INT64CONST(1000000000) * USECS_PER_SEC)
#define DAY (INT64CONST(86400) * USECS_PER_SEC)
#define AGO(seconds) (NOW - (seconds) *USECS_PER_SEC)

static bool trouble = false;

/* One database, by itself. */
static void
check(bool due, AdviseFacts facts, int64 interval_us, const char *fact)
{
	facts.datid = 1;
	facts.visitable = true;
	is_int(dbops_advise_next(&facts, 1, NOW, (AdviseTerms){interval_us, trouble}), due ? 0 : -1,
	       "%s", fact);
}

int
main(void)
{
	const AdviseFacts longest[] = {{.visitable = true, .tried_at = AGO(90000)},
	                               {.visitable = true, .tried_at = AGO(99000)},
	                               {.visitable = true, .tried_at = AGO(95000)}};
	const AdviseFacts asked[] = {
	    {.visitable = true, .tried_at = AGO(99000)},
	    {.visitable = true, .tried_at = AGO(1), .failures = 5, .asked = true}};
	const AdviseFacts closed[] = {{.asked = true, .tried_at = AGO(99000)}};

	check(true, (AdviseFacts){.tried_at = AGO(86400)}, DAY, "due after the interval");
	check(false, (AdviseFacts){.tried_at = AGO(86399)}, DAY, "not a second earlier");
	check(true, (AdviseFacts){.seen_at = AGO(3600)}, DAY, "for the first time after an hour");
	check(false, (AdviseFacts){.seen_at = AGO(3599)}, DAY, "not a second earlier");
	check(true, (AdviseFacts){.seen_at = AGO(10)}, 10 * USECS_PER_SEC,
	      "or after a shorter interval");
	check(false, (AdviseFacts){.seen_at = AGO(9)}, 10 * USECS_PER_SEC, "and not earlier");
	check(true, (AdviseFacts){.tried_at = AGO(60), .failures = 1}, DAY,
	      "after a failure in a minute");
	check(false, (AdviseFacts){.tried_at = AGO(59), .failures = 1}, DAY, "not earlier");
	check(true, (AdviseFacts){.tried_at = AGO(240), .failures = 3}, DAY, "after three in four");
	check(false, (AdviseFacts){.tried_at = AGO(239), .failures = 3}, DAY, "not earlier");
	check(true, (AdviseFacts){.tried_at = AGO(86400), .failures = 99}, DAY,
	      "and never later than that");
	check(true, (AdviseFacts){.tried_at = AGO(-50)}, DAY, "a clock set back does not put it off");
	check(false, (AdviseFacts){.tried_at = AGO(999999)}, 0, "switched off it never is");
	check(true, (AdviseFacts){.tried_at = AGO(1), .asked = true}, 0, "unless somebody asks");
	trouble = true;
	check(true, (AdviseFacts){.tried_at = AGO(172800)}, DAY, "in trouble after two intervals");
	check(false, (AdviseFacts){.tried_at = AGO(172799)}, DAY, "not earlier");
	check(true, (AdviseFacts){.seen_at = AGO(90000)}, DAY, "for the first time, an interval later");
	check(false, (AdviseFacts){.seen_at = AGO(89999)}, DAY, "not earlier");
	check(true, (AdviseFacts){.tried_at = AGO(1), .asked = true}, DAY, "asked at once");
	is_int(dbops_advise_next(longest, lengthof(longest), NOW, (AdviseTerms){DAY}), 1,
	       "the longest due first");
	is_int(dbops_advise_next(asked, lengthof(asked), NOW, (AdviseTerms){DAY}), 1,
	       "but who waits comes first");
	is_int(dbops_advise_next(closed, lengthof(closed), NOW, (AdviseTerms){DAY}), -1,
	       "no closed database");
	is_int(dbops_advise_next(NULL, 0, NOW, (AdviseTerms){DAY}), -1, "nor one that is not there");
	return tap_done();
}
