/*
 * collect/verdict.c
 *		The families "verdict", what was not ok, and "health", the score.
 *
 * Two families because an operator asks two things of the past: since when something is wrong, and
 * how the score went.  Verdicts that are ok are not kept: their absence says so.
 */
#include "postgres.h"

#include <math.h>

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/frame.h"
#include "store/label_words.h"
#include "store/registry.h"
#include "store/texts.h"
#include "store/verdicts.h"

/* What a value is multiplied with to be kept as an integer. */
#define VALUE_FACTOR 1000.0

enum
{
	VERDICT_STATUS,
	VERDICT_VALUE,
	VERDICT_POINTS,
	VERDICT_SINCE,
};

enum
{
	HEALTH_SCORE,
	HEALTH_CRITICAL,
	HEALTH_WARNING,
	HEALTH_UNKNOWN,
	HEALTH_JUDGED_AT,
};

static const Label verdict_labels[] = {
    LABEL("check_name", LABEL_TEXT, NAMES_NONE, "Check, as in dbops.checks"),
    LABEL_OF_DATABASE("Database it is about; 0: the server as a whole"),
    LABEL_OF_RELATION("Relation it is about; 0: none"),
    LABEL("object", LABEL_TEXT, NAMES_NONE,
          "Other labels of what it is about, such as a device or a slot; empty if there are none"),
};

static const Metric verdict_metrics[] = {
    [VERDICT_STATUS] = {1, "status", METRIC_GAUGE, "", 0, ROLLUP_MAX, "What was found", false,
                        dbops_verdict_words},
    [VERDICT_VALUE] =
        GAUGE_SCALED(2, "value", "", 0.001, ROLLUP_LAST, "Value, in the unit of the check"),
    [VERDICT_POINTS] = GAUGE(3, "points", "", ROLLUP_MAX, "What it took from the score"),
    [VERDICT_SINCE] = INSTANT(4, "since_at", "Since when it had this status"),
};

static const Label health_labels[] = {
    LABEL_OF_DATABASE("Database; 0: the server as a whole"),
};

static const Metric health_metrics[] = {
    [HEALTH_SCORE] = GAUGE(1, "score", "", ROLLUP_MIN, "Health from 0 to 100"),
    [HEALTH_CRITICAL] = GAUGE(2, "critical", "", ROLLUP_MAX, "Verdicts that were critical"),
    [HEALTH_WARNING] = GAUGE(3, "warning", "", ROLLUP_MAX, "Verdicts that were warnings"),
    [HEALTH_UNKNOWN] = GAUGE(4, "unknown", "", ROLLUP_MAX, "Checks that had nothing to judge by"),
    [HEALTH_JUDGED_AT] = SIGN_OF_LIFE(5, "judged_at", "When it was judged"),
};

static Verdict *
read_board(int *nverdicts, TimestampTz *at)
{
	Verdict *verdicts = dbops_verdicts_copy(nverdicts, at);

	if (verdicts == NULL || *at == 0)
		*nverdicts = 0;
	return verdicts;
}

/* The labels of what a verdict is about that are neither database nor relation. */
static char *
describe(const Verdict *verdict, const Family *family)
{
	StringInfoData object;
	int ntext = 0;

	initStringInfo(&object);
	for (int i = 0; i < family->nlabels; i++)
	{
		const Label *label = &family->labels[i];
		const char *word =
		    label->type == LABEL_TEXT ? dbops_texts_at(verdict->texts, ntext++) : NULL;

		if (label->names != NAMES_DATABASE && label->names != NAMES_RELATION)
			dbops_label_words_append(&object, label, verdict->key.num[i], word);
	}
	return object.data;
}

static int64
relation_of(const Verdict *verdict, const Family *family)
{
	for (int i = 0; i < family->nlabels; i++)
	{
		if (family->labels[i].names == NAMES_RELATION)
			return verdict->key.num[i];
	}
	return 0;
}

static void
add_verdict(Frame *frame, const Verdict *verdict)
{
	const Family *family = dbops_registry_by_id(verdict->family);
	const EntityKey key = {{0, verdict->datid, relation_of(verdict, family)}};
	const char *texts[] = {verdict->check, verdict->whole ? "" : describe(verdict, family)};
	int64 *values = dbops_frame_add_texts(frame, &key, texts);

	values[VERDICT_STATUS] = verdict->status;
	if (!isnan(verdict->value) && fabs(verdict->value) < PG_INT64_MAX / VALUE_FACTOR / 2)
		values[VERDICT_VALUE] = (int64) (verdict->value * VALUE_FACTOR);
	values[VERDICT_POINTS] = verdict->points;
	values[VERDICT_SINCE] = verdict->since;
}

static void
read_verdicts(Frame *frame)
{
	TimestampTz at;
	int nverdicts;
	const Verdict *verdicts = read_board(&nverdicts, &at);

	for (int i = 0; i < nverdicts; i++)
	{
		if (verdicts[i].status != VERDICT_OK)
			add_verdict(frame, &verdicts[i]);
	}
}

static void
add_health(Frame *frame, const Verdict *verdicts, int nverdicts, Oid datid)
{
	int score = dbops_verdicts_score(verdicts, nverdicts, datid);
	int64 count[VERDICT_CRITICAL + 1] = {0};
	EntityKey key = {{datid}};
	int64 *values;

	if (score < 0)
		return;
	for (int i = 0; i < nverdicts; i++)
		count[verdicts[i].status] += !OidIsValid(datid) || verdicts[i].datid == datid;
	values = dbops_frame_add(frame, &key, NULL);
	values[HEALTH_SCORE] = score;
	values[HEALTH_CRITICAL] = count[VERDICT_CRITICAL];
	values[HEALTH_WARNING] = count[VERDICT_WARNING];
	values[HEALTH_UNKNOWN] = count[VERDICT_UNKNOWN];
}

static bool
is_first_of_database(const Verdict *verdicts, int index)
{
	if (!OidIsValid(verdicts[index].datid))
		return false;
	for (int i = 0; i < index; i++)
	{
		if (verdicts[i].datid == verdicts[index].datid)
			return false;
	}
	return true;
}

/* Databases about which nothing is to be said have no row: their score is 100. */
static void
read_health(Frame *frame)
{
	TimestampTz at;
	int nverdicts;
	const Verdict *verdicts = read_board(&nverdicts, &at);

	if (nverdicts == 0)
		return;
	add_health(frame, verdicts, nverdicts, InvalidOid);
	for (int i = 0; i < nverdicts; i++)
	{
		if (is_first_of_database(verdicts, i))
			add_health(frame, verdicts, nverdicts, verdicts[i].datid);
	}
	for (int i = 0; i < frame->nrows; i++)
		dbops_frame_row(frame, i)[HEALTH_JUDGED_AT] = at;
}

const Family dbops_family_verdict = {
    .id = 33,
    .name = "verdict",
    .help = "Verdicts of the checks that are not ok",
    .cadence = CADENCE_NARROW,
    LABELS(verdict_labels),
    METRICS(verdict_metrics),
    .read = read_verdicts,
};

const Family dbops_family_health = {
    .id = 34,
    .name = "health",
    .help = "Score of the server and of each database of which something is not ok",
    .cadence = CADENCE_NARROW,
    LABELS(health_labels),
    METRICS(health_metrics),
    .read = read_health,
};
