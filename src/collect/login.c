/*
 * collect/login.c
 *		The family "login": logins that failed, by reason, role, database and address.
 *
 * Recorded by the processes that refuse them (track/logins.h).  Roles and databases are names as
 * clients gave them, since what does not exist has no OID.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/frame.h"
#include "track/logins.h"

enum
{
	LOGIN_FAILURES,
	LOGIN_LAST_AT,
	LOGIN_NMETRICS
};

static const Label labels[] = {
    LABEL_OF_WORDS("reason", dbops_login_reasons, "Why the login failed"),
    LABEL("sqlstate", LABEL_SQLSTATE, NAMES_NONE, "SQLSTATE of the refusal"),
    LABEL("rolname", LABEL_TEXT, NAMES_NONE,
          "Role as the client named it, ? for what is not ASCII; empty when unknown"),
    LABEL("datname", LABEL_TEXT, NAMES_NONE, "Database as the client named it, likewise"),
    LABEL("client_addr", LABEL_TEXT, NAMES_NONE,
          "Address of the client, [local] for sockets of the machine; empty with names that found "
          "no room"),
};

static const Metric metrics[] = {
    [LOGIN_FAILURES] = COUNT(1, "failures", "Failed logins"),
    [LOGIN_LAST_AT] = INSTANT(2, "last_at", "When it failed last"),
};

static void
read_logins(Frame *frame)
{
	LoginCopy login;
	uint32 position = 0;

	while (dbops_logins_next(&position, &login))
	{
		const EntityKey key = {{login.reason, login.sqlerrcode}};
		const char *const texts[] = {login.rolname, login.datname, login.address};
		int64 *values = dbops_frame_add_texts(frame, &key, texts);

		values[LOGIN_FAILURES] = login.count;
		values[LOGIN_LAST_AT] = login.last_at;
	}
}

const Family dbops_family_login = {
    .id = 27,
    .name = "login",
    .help = "Failed logins, by reason, role, database and address",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    .rates = true,
    .read = read_logins,
};
