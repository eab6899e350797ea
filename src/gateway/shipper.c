/*
 * gateway/shipper.c
 *		A standby's samples on their way to the primary; see shipper.h.
 */
#include "postgres.h"

#include <sys/epoll.h>

#include "access/xlog.h"

#include "gateway/http_clock.h"
#include "gateway/primary.h"
#include "gateway/query.h"
#include "gateway/shipper.h"

/* Longer ones are not let into the settings. */
#define TEXT_BYTES 4096

/* Between tries to reach a primary that cannot be reached. */
#define FIRST_REST_US INT64CONST(1000000)
#define LONGEST_REST_US INT64CONST(60000000)

/* Samples are looked for as often as they are taken, and not seldom. */
#define LONGEST_LOOK_US INT64CONST(10000000)

#define READ_LIMIT_MS 5000
#define REPORT_US INT64CONST(1000000)

/* What the primary is asked last. */
typedef enum ShipperStep
{
	STEP_NONE,
	STEP_PREPARE, /* the session */
	STEP_GREET,   /* how far it is */
	STEP_DELIVER,
} ShipperStep;

typedef struct Shipper
{
	char conninfo[TEXT_BYTES];
	char database[TEXT_BYTES];
	int64 interval_us;
	ShipperStep step;
	int64 rest_us;  /* between tries; 0: the last one went well */
	int64 retry_us; /* on the clock, as the next two */
	int64 look_us;
	int64 reported_us;
	bool failing; /* and told so in the log */
	char position[32];
	QueryAnswer samples; /* arguments of the call that is under way */
	QueryAnswer report;
	bool report_due;
	bool urgent; /* it is news whether it works */
	/* since the process began, and what is told of it */
	bool works;
	int64 delivered;
	int64 deliveries;
	int64 bytes;
	int64 refused;
	int64 missed;
	int64 clock_ahead_us;
	char problem[256];
	char hint[256];
	char refusal[512];
} Shipper;

/* A lost commit is sent again; a standby must not wait for itself. */
static const char prepare_sql[] =
    "SELECT pg_catalog.set_config('synchronous_commit', 'local', false),"
    "       pg_catalog.set_config('lock_timeout', '5s', false),"
    "       pg_catalog.set_config('statement_timeout', '25s', false),"
    "       pg_catalog.set_config('idle_session_timeout', '0', false)";

static const char receive_sql[] =
    "SELECT stored_seq, stored, refused, refusal, refusal_sqlstate, hint, clock_ahead_us"
    "  FROM dbops.receive_ticks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

enum
{
	CELL_SEQ,
	CELL_STORED,
	CELL_REFUSED,
	CELL_REFUSAL,
	CELL_SQLSTATE,
	CELL_HINT,
	CELL_CLOCK
};

/* The arguments of dbops.receive_ticks(), and what is for us. */
static const char samples_sql[] =
    "SELECT node, system_identifier, boot, clock_us, seq, at_us, covers_us, family, flags, data,"
    "       ticks, more, missed"
    "  FROM dbops._ticks_to_ship($1::pg_catalog.int8)";

#define RECEIVE_ARGUMENTS 10
#define CELL_TICKS 10
#define CELL_MORE 11
#define CELL_MISSED 12

static const char report_sql[] =
    "SELECT dbops._shipping_report($1, $2::pg_catalog.bool, $3, $4, $5, $6::pg_catalog.int8[])";

static Shipper shipper = {.step = STEP_NONE};

bool
dbops_shipper_is_wanted(const HttpSettings *settings)
{
	return settings->primary_conninfo[0] != '\0' && RecoveryInProgress();
}

/* ---- what becomes of it ---- */

static void
note_works(void)
{
	if (shipper.works)
		return;
	if (shipper.failing)
		ereport(LOG, (errmsg("dbops gateway ships to the primary again")));
	shipper.failing = false;
	shipper.works = true;
	shipper.rest_us = 0;
	shipper.problem[0] = shipper.hint[0] = '\0';
	shipper.report_due = shipper.urgent = true;
}

/* Told once, until it works again; status() has the latest. */
static void
fail(const char *problem, const char *hint)
{
	if (!shipper.failing)
		ereport(LOG, (errmsg("dbops gateway cannot ship to the primary: %s", problem),
		              hint[0] != '\0' ? errhint("%s", hint) : 0));
	if (strcmp(shipper.problem, problem) != 0)
		shipper.urgent = true;
	shipper.failing = true;
	shipper.works = false;
	shipper.report_due = true;
	strlcpy(shipper.problem, problem, sizeof(shipper.problem));
	strlcpy(shipper.hint, hint, sizeof(shipper.hint));
	shipper.rest_us =
	    shipper.rest_us == 0 ? FIRST_REST_US : Min(shipper.rest_us * 2, LONGEST_REST_US);
	shipper.retry_us = dbops_http_clock_us() + shipper.rest_us;
	shipper.step = STEP_NONE;
	dbops_primary_close();
}

/* What the server says of rights and of what is not there is told with what to do. */
static void
fail_by_primary(void)
{
	static const char *const hints[][2] = {
	    {"42501", "On the primary: GRANT USAGE ON SCHEMA dbops TO its role, and GRANT EXECUTE ON "
	              "FUNCTION dbops.receive_ticks TO it."},
	    {"3F000", "On the primary: CREATE EXTENSION dbops CASCADE; or name the database that has "
	              "it, by dbname."},
	    {"42883", "Install on the primary the version of dbops that the standby has, and restart "
	              "it."},
	};
	PrimaryProblem problem = *dbops_primary_problem();

	for (int i = 0; i < lengthof(hints); i++)
	{
		if (strcmp(hints[i][0], problem.sqlstate) == 0)
			strlcpy(problem.hint, hints[i][1], sizeof(problem.hint));
	}
	fail(problem.message[0] != '\0' ? problem.message : "the connection was closed", problem.hint);
}

/* ---- telling dbops ---- */

static void
report(void)
{
	char numbers[256];
	Question question = {.name = "report of shipping",
	                     .sql = report_sql,
	                     .narguments = 6,
	                     .arguments = {dbops_primary_name(), shipper.works ? "t" : "f",
	                                   shipper.problem, shipper.hint, shipper.refusal, numbers}};

	snprintf(numbers, sizeof(numbers),
	         "{%s," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT
	         "," INT64_FORMAT "}",
	         shipper.position[0] != '\0' ? shipper.position : "0", shipper.delivered,
	         shipper.deliveries, shipper.bytes, shipper.refused, shipper.missed,
	         shipper.clock_ahead_us);
	dbops_query_run(&question, READ_LIMIT_MS, &shipper.report);
	shipper.reported_us = dbops_http_clock_us();
	shipper.report_due = !shipper.report.ok;
	shipper.urgent = false;
}

/* ---- talking ---- */

static int64
number_of(const char *cell)
{
	return cell != NULL ? strtoll(cell, NULL, 10) : 0;
}

/* Reads what is to be shipped; without a position, only who ships.  False: it cannot be read. */
static bool
read_samples(const char *position)
{
	Question question = {
	    .name = "samples to ship", .sql = samples_sql, .narguments = 1, .arguments = {position}};

	dbops_query_run(&question, READ_LIMIT_MS, &shipper.samples);
	if (!shipper.samples.ok)
		fail(shipper.samples.error, "");
	return shipper.samples.ok;
}

static void
ask_to_receive(ShipperStep step)
{
	shipper.step = step;
	dbops_primary_ask(receive_sql, (const char *const *) shipper.samples.cells, RECEIVE_ARGUMENTS);
}

static void
greet(void)
{
	if (read_samples(NULL))
		ask_to_receive(STEP_GREET);
}

static void
deliver_if_due(void)
{
	int64 now_us = dbops_http_clock_us();

	if (now_us < shipper.look_us)
		return;
	shipper.look_us = now_us + shipper.interval_us;
	if (!read_samples(shipper.position))
		return;
	/* The primary wants to hear of a standby now and then: of a quiet one every five minutes. */
	if (number_of(shipper.samples.cells[CELL_TICKS]) == 0)
		return;
	ask_to_receive(STEP_DELIVER);
}

static void
note_delivery(void)
{
	shipper.deliveries++;
	shipper.missed += number_of(shipper.samples.cells[CELL_MISSED]);
	for (int i = 0; i < RECEIVE_ARGUMENTS; i++)
		shipper.bytes += strlen(shipper.samples.cells[i]);
}

static void
note_receipt(char *const *cells)
{
	strlcpy(shipper.position, cells[CELL_SEQ], sizeof(shipper.position));
	shipper.delivered += number_of(cells[CELL_STORED]);
	shipper.clock_ahead_us = number_of(cells[CELL_CLOCK]);
	shipper.report_due = true;
	if (number_of(cells[CELL_REFUSED]) == 0)
		return;
	shipper.refused += number_of(cells[CELL_REFUSED]);
	snprintf(shipper.refusal, sizeof(shipper.refusal), "%s (SQLSTATE %s)%s%s", cells[CELL_REFUSAL],
	         cells[CELL_SQLSTATE], cells[CELL_HINT] != NULL ? "  " : "",
	         cells[CELL_HINT] != NULL ? cells[CELL_HINT] : "");
}

static void
take_answer(void)
{
	const PrimaryAnswer *answer = dbops_primary_answer();
	ShipperStep step = shipper.step;

	if (!answer->ok || (step != STEP_PREPARE && answer->cells[CELL_SEQ] == NULL))
	{
		fail_by_primary();
		return;
	}
	if (step == STEP_PREPARE)
	{
		greet();
		return;
	}
	if (step == STEP_DELIVER)
		note_delivery();
	note_receipt(answer->cells);
	note_works();
	shipper.step = STEP_NONE;
	if (step == STEP_GREET || strcmp(shipper.samples.cells[CELL_MORE], "t") == 0)
		shipper.look_us = 0;
}

static void
prepare(void)
{
	shipper.step = STEP_PREPARE;
	dbops_primary_ask(prepare_sql, NULL, 0);
}

static void
go_on(void)
{
	dbops_primary_advance();
	if (dbops_primary_state() == PRIMARY_CLOSED)
		fail_by_primary();
	else if (dbops_primary_state() == PRIMARY_READY)
		prepare();
	else if (dbops_primary_state() == PRIMARY_ANSWERED)
	{
		if (shipper.step != STEP_NONE)
			take_answer();
		if (shipper.step == STEP_NONE && dbops_primary_state() == PRIMARY_ANSWERED)
			deliver_if_due();
	}
}

/* ---- for the loop ---- */

void
dbops_shipper_set_up(const HttpSettings *settings)
{
	shipper.interval_us = Min(settings->sample_interval_us, LONGEST_LOOK_US);
	if (strcmp(shipper.conninfo, settings->primary_conninfo) == 0)
		return;
	dbops_primary_close();
	strlcpy(shipper.conninfo, settings->primary_conninfo, sizeof(shipper.conninfo));
	strlcpy(shipper.database, settings->database, sizeof(shipper.database));
	shipper.step = STEP_NONE;
	shipper.works = shipper.failing = false;
	shipper.rest_us = shipper.retry_us = 0;
	shipper.problem[0] = shipper.hint[0] = '\0';
	shipper.report_due = shipper.urgent = shipper.conninfo[0] != '\0';
}

/* In ms from now; at least 1, for what is due is done. */
static long
until(int64 at_us)
{
	return (long) (Max(at_us - dbops_http_clock_us(), 0) / 1000 + 1);
}

static long
next_ms(void)
{
	int64 deadline_us = dbops_primary_deadline_us();
	long wait_ms = LONGEST_LOOK_US / 1000;

	if (dbops_primary_state() == PRIMARY_CLOSED)
		wait_ms = until(shipper.retry_us);
	else if (deadline_us >= 0)
		wait_ms = until(deadline_us);
	else if (dbops_primary_state() == PRIMARY_ANSWERED)
		wait_ms = until(shipper.look_us);
	if (shipper.report_due)
		wait_ms = Min(wait_ms, until(shipper.reported_us + REPORT_US));
	return wait_ms;
}

long
dbops_shipper_run(void)
{
	/* Promoted: what is left is stored here. */
	if (shipper.conninfo[0] == '\0' || !RecoveryInProgress())
	{
		dbops_primary_close();
		return -1;
	}
	if (dbops_primary_state() != PRIMARY_CLOSED)
		go_on();
	else if (dbops_http_clock_us() >= shipper.retry_us)
	{
		dbops_primary_open(shipper.conninfo, shipper.database);
		if (dbops_primary_state() == PRIMARY_CLOSED)
			fail_by_primary();
	}
	if (shipper.report_due &&
	    (shipper.urgent || dbops_http_clock_us() >= shipper.reported_us + REPORT_US))
		report();
	return next_ms();
}

/*
 * Between two calls the socket may have become another one with the same number, which is in no
 * set yet; so it is added, and changed only if it is there.  One that is closed is in none.
 */
void
dbops_shipper_wait_on(int epoll)
{
	unsigned int events;
	int fd = dbops_primary_fd(&events);
	struct epoll_event event = {.events = events};

	if (fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		(void) epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}
