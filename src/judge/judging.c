/*
 * judge/judging.c
 *		A round of all checks; see judging.h.
 *
 * Databases and objects that are well take no place on the board: of a check the worst ones are
 * told one by one, and a verdict on the whole says how many were looked at, or are not told.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/collectors.h"
#include "core/encoding.h"
#include "judge/amount.h"
#include "judge/check.h"
#include "judge/judging.h"
#include "judge/subject.h"
#include "judge/term.h"
#include "judge/thresholds.h"
#include "judge/usual.h"
#include "store/names.h"
#include "store/frame.h"
#include "store/texts.h"

/* The worst ones of a check that are told one by one. */
#define OBJECTS_TOLD 20

/* The columns of a check, found. */
typedef struct Terms
{
	Facts *facts;
	int standings; /* of entities, that are remembered */
	Term column;
	Term enough[CHECK_TERMS];
	int nenough;
	Term evidence[CHECK_TERMS];
	int nevidence;
} Terms;

/* Since when a verdict stands, or a worse one is in the making. */
typedef struct StandingKey
{
	int64 check; /* its index */
	int64 whole; /* 1 for the check as a whole, which has no entity */
	EntityKey entity;
} StandingKey;

typedef struct Standing
{
	StandingKey key;
	VerdictStatus verdict;
	TimestampTz since;
	TimestampTz beyond_since; /* 0: within its limits */
	int64 round;              /* the last that met it */
} Standing;

struct Judging
{
	FactSet *facts;
	Terms *terms;    /* by check */
	HTAB *standings; /* of Standing */
	int64 round;
};

/* What a round gathers, in a context of its own. */
typedef struct Bench
{
	Judging *judging;
	TimestampTz now;
	Thresholds *thresholds;
	Names *names;
	Verdict *verdicts;
	int nverdicts;
	int capacity;
} Bench;

/* ---- the checks' columns -------------------------------------------------------------------- */

static int
resolve(const Check *check, const char *const *columns, Term *terms)
{
	int count = 0;

	for (int i = 0; i < CHECK_TERMS && columns[i] != NULL; i++)
		terms[count++] = dbops_term_resolve(check->family, columns[i]);
	return count;
}

static void
want(const Check *check, Facts *facts, const Term *terms, int nterms)
{
	for (int i = 0; i < nterms; i++)
		dbops_term_mark(check->family, terms[i], dbops_facts_wanted(facts));
}

static void
resolve_check(FactSet *set, const Check *check, Terms *terms)
{
	Term others[CHECK_TERMS];
	int nothers = resolve(check, check->columns, others);

	terms->facts = dbops_facts_of(set, check->family);
	terms->nenough = resolve(check, check->enough, terms->enough);
	terms->nevidence = resolve(check, check->evidence, terms->evidence);
	want(check, terms->facts, others, nothers);
	want(check, terms->facts, terms->enough, terms->nenough);
	want(check, terms->facts, terms->evidence, terms->nevidence);
	if (check->column == NULL)
		return;
	terms->column = dbops_term_resolve(check->family, check->column);
	want(check, terms->facts, &terms->column, 1);
}

/* ---- since when ----------------------------------------------------------------------------- */

static StandingKey
standing_key(const Check *check, const EntityKey *entity)
{
	StandingKey key = {.check = dbops_checks_index(check), .whole = entity == NULL};

	if (entity != NULL)
		key.entity = *entity;
	return key;
}

static void
count_standing(Judging *judging, const StandingKey *key, int by)
{
	if (!key->whole)
		judging->terms[key->check].standings += by;
}

/* A keeper that was started again goes on with what the board says. */
static void
recall(Judging *judging)
{
	int nverdicts = 0;
	TimestampTz at;
	Verdict *verdicts = dbops_verdicts_copy(&nverdicts, &at);

	for (int i = 0; i < nverdicts; i++)
	{
		const Check *check = dbops_checks_by_name(verdicts[i].check);
		StandingKey key;
		Standing *standing;
		bool found;

		if (check == NULL)
			continue;
		key = standing_key(check, verdicts[i].whole ? NULL : &verdicts[i].key);
		standing = hash_search(judging->standings, &key, HASH_ENTER, &found);
		count_standing(judging, &key, found ? 0 : 1);
		standing->verdict = verdicts[i].status;
		standing->since = verdicts[i].since;
		standing->beyond_since = verdicts[i].status > VERDICT_UNKNOWN ? verdicts[i].since : 0;
		standing->round = 0;
	}
	if (verdicts != NULL)
		pfree(verdicts);
}

/* What is beyond a limit counts once it has lasted; what is back within counts at once. */
static void
settle(Standing *standing, int for_s, VerdictStatus status, TimestampTz now)
{
	if (status <= VERDICT_UNKNOWN)
		standing->beyond_since = 0;
	else if (standing->beyond_since == 0 || standing->beyond_since > now)
		standing->beyond_since = now;
	if (status > VERDICT_UNKNOWN && status > standing->verdict &&
	    now - standing->beyond_since < for_s * USECS_PER_SEC)
		status = standing->verdict > VERDICT_UNKNOWN ? standing->verdict : VERDICT_OK;
	if (status != standing->verdict || standing->since > now)
		standing->since = now;
	standing->verdict = status;
}

static bool
is_remembered(const Bench *bench, const Check *check, const EntityKey *entity)
{
	StandingKey key = standing_key(check, entity);

	/* Of tens of thousands of tables hardly any is. */
	return bench->judging->terms[key.check].standings > 0 &&
	       hash_search(bench->judging->standings, &key, HASH_FIND, NULL) != NULL;
}

static Standing *
meet_standing(Bench *bench, const Check *check, const EntityKey *entity)
{
	StandingKey key = standing_key(check, entity);
	bool found;
	Standing *standing = hash_search(bench->judging->standings, &key, HASH_ENTER, &found);

	if (!found)
	{
		count_standing(bench->judging, &key, 1);
		standing->verdict = VERDICT_OK;
		standing->since = bench->now;
		standing->beyond_since = 0;
	}
	standing->round = bench->judging->round;
	return standing;
}

static void
forget_unmet(Judging *judging)
{
	HASH_SEQ_STATUS iterator;
	Standing *standing;

	hash_seq_init(&iterator, judging->standings);
	while ((standing = hash_seq_search(&iterator)) != NULL)
	{
		if (standing->round == judging->round)
			continue;
		count_standing(judging, &standing->key, -1);
		hash_search(judging->standings, &standing->key, HASH_REMOVE, NULL);
	}
}

/* ---- one entity ----------------------------------------------------------------------------- */

static double
value_of(const Check *check, const Terms *terms, const Fact *fact)
{
	double value;
	bool known = check->column != NULL ? dbops_term_value(fact, terms->column, &value) :
	                                     check->value(fact, &value);

	return known ? value : NAN;
}

static bool
has_enough(const Check *check, const Terms *terms, const Fact *fact)
{
	double sum = 0;

	for (int i = 0; i < terms->nenough; i++)
	{
		double value;

		if (dbops_term_value(fact, terms->enough[i], &value))
			sum += value;
	}
	return terms->nenough == 0 || sum >= check->at_least;
}

static char *
form_value(const Fact *fact, Term term, double value)
{
	return dbops_amount(value, dbops_term_unit(fact->family, term));
}

static void
write_evidence(const Check *check, const Terms *terms, const Fact *fact, char *evidence)
{
	StringInfoData line;

	initStringInfo(&line);
	if (check->tell != NULL)
		appendStringInfoString(&line, check->tell(fact));
	for (int i = 0; i < terms->nevidence; i++)
	{
		const char *word = dbops_term_word(fact, terms->evidence[i]);
		double value = 0;

		if (word == NULL && !dbops_term_value(fact, terms->evidence[i], &value))
			continue;
		appendStringInfo(&line, "%s%s %s%s", line.len > 0 ? ", " : "", check->evidence[i],
		                 word != NULL ? word : form_value(fact, terms->evidence[i], value),
		                 dbops_term_is_instant(fact->family, terms->evidence[i]) ? " ago" : "");
	}
	strlcpy(evidence, line.data,
	        dbops_encoding_clip(line.data, line.len, VERDICT_EVIDENCE - 1) + 1);
}

static Verdict *
add_verdict(Bench *bench)
{
	if (bench->nverdicts == bench->capacity)
	{
		bench->capacity *= 2;
		bench->verdicts = repalloc_huge(bench->verdicts, sizeof(Verdict) * bench->capacity);
	}
	memset(&bench->verdicts[bench->nverdicts], 0, sizeof(Verdict));
	return &bench->verdicts[bench->nverdicts++];
}

static Verdict *
begin_verdict(Bench *bench, const Check *check, const Limits *limits)
{
	Verdict *verdict = add_verdict(bench);

	strlcpy(verdict->check, check->name, sizeof(verdict->check));
	verdict->family = check->family->id;
	verdict->scope = check->scope;
	verdict->warning = limits->warning;
	verdict->critical = limits->critical;
	return verdict;
}

static void
copy_texts(Verdict *verdict, const Fact *fact)
{
	int ntexts = 0;

	for (int i = 0; i < fact->family->nlabels; i++)
		ntexts += fact->family->labels[i].type == LABEL_TEXT;
	/* Zeros behind them end a text that is cut short, and make those left out empty. */
	if (ntexts > 0 && fact->texts != NULL)
		memcpy(verdict->texts, fact->texts,
		       Min(dbops_texts_size(fact->texts, ntexts), sizeof(verdict->texts) - CHECK_TERMS));
}

/* Whether the limits are the same for all entities of the check. */
static Limits
limits_of(Bench *bench, const Check *check, const Fact *fact)
{
	Subject subject = {0};

	if (check->scope == SCOPE_DATABASE ||
	    (check->scope == SCOPE_OBJECT && dbops_thresholds_name_objects(bench->thresholds, check)))
		subject = dbops_subject_find(bench->names, fact->family, fact->key, fact->texts);
	return dbops_thresholds_find(bench->thresholds, check, subject.datname, subject.object);
}

/* Entities of a check. */
typedef struct Count
{
	int applied; /* that it is about */
	int known;   /* and that have a value */
} Count;

static void
judge_entity(Bench *bench, const Check *check, const Terms *terms, const Fact *fact, Count *count)
{
	Limits limits = limits_of(bench, check, fact);
	double value = value_of(check, terms, fact);
	VerdictStatus status;
	Standing *standing;
	Verdict *verdict;

	/* What has no value, as a device that nobody reads has no latency, has no verdict either. */
	if (!limits.enabled || (isnan(value) && check->scope != SCOPE_CLUSTER))
		return;
	count->known += !isnan(value);
	status =
	    has_enough(check, terms, fact) ? dbops_check_judge(&limits, check->bad, value) : VERDICT_OK;
	/* Nor have those that are well and were. */
	if (check->scope != SCOPE_CLUSTER && status == VERDICT_OK &&
	    !is_remembered(bench, check, fact->key))
		return;
	standing = meet_standing(bench, check, fact->key);
	settle(standing, limits.for_s, status, bench->now);
	if (check->scope != SCOPE_CLUSTER && standing->verdict == VERDICT_OK)
		return;
	if (check->scope == SCOPE_OBJECT &&
	    dbops_subject_find(bench->names, fact->family, fact->key, fact->texts).dropped)
		return;
	verdict = begin_verdict(bench, check, &limits);
	verdict->datid = dbops_subject_database(fact->family, fact->key);
	verdict->key = *fact->key;
	copy_texts(verdict, fact);
	verdict->status = standing->verdict;
	verdict->since = standing->since;
	verdict->value = value;
	write_evidence(check, terms, fact, verdict->evidence);
}

/* ---- one check ------------------------------------------------------------------------------ */

/* Worst first: by status, then by how far beyond. */
static int
compare_verdicts(const void *a, const void *b, void *arg)
{
	const Check *check = arg;
	const Verdict *one = a;
	const Verdict *other = b;

	if (one->status != other->status)
		return one->status > other->status ? -1 : 1;
	if (one->value == other->value || isnan(one->value) || isnan(other->value))
		return dbops_entity_compare(&one->key, &other->key);
	return (one->value > other->value) == (check->bad == BAD_ABOVE) ? -1 : 1;
}

static int
compare_statuses(const void *a, const void *b, void *arg)
{
	return (int) ((const Verdict *) b)->status - (int) ((const Verdict *) a)->status;
}

/* The verdict on a check as a whole: that all are well, or why nothing can be said. */
static void
judge_whole(Bench *bench, const Check *check, const Count *count, int untold)
{
	const Terms *terms = &bench->judging->terms[dbops_checks_index(check)];
	Limits limits = dbops_thresholds_find(bench->thresholds, check, NULL, NULL);
	Verdict *verdict;
	Standing *standing;

	if (!limits.enabled)
		return;
	verdict = begin_verdict(bench, check, &limits);
	verdict->whole = true;
	verdict->value = NAN;
	if (untold > 0)
	{
		verdict->status = VERDICT_WARNING;
		snprintf(verdict->evidence, VERDICT_EVIDENCE, "%d more", untold);
	}
	else if (!dbops_thresholds_limit(bench->thresholds, check))
		strlcpy(verdict->evidence, "no limit is set", VERDICT_EVIDENCE);
	else if (count->known > 0)
		snprintf(verdict->evidence, VERDICT_EVIDENCE, "%d looked at", count->known);
	else if (dbops_facts_error(terms->facts) != NULL)
	{
		verdict->status = VERDICT_UNKNOWN;
		snprintf(verdict->evidence, VERDICT_EVIDENCE, "could not be read: %s",
		         dbops_facts_error(terms->facts));
	}
	else if (dbops_facts_known(terms->facts) && count->applied == 0)
		strlcpy(verdict->evidence, "there is none", VERDICT_EVIDENCE);
	else
	{
		verdict->status = VERDICT_UNKNOWN;
		strlcpy(verdict->evidence,
		        check->unknown == NULL ? "not sampled long enough" : check->unknown,
		        VERDICT_EVIDENCE);
	}
	standing = meet_standing(bench, check, NULL);
	settle(standing, 0, verdict->status, bench->now);
	verdict->since = standing->since;
}

/* The worst verdict of a check takes its points, and the worst in each database those there. */
static void
take_points(const Check *check, Verdict *verdicts, int nverdicts)
{
	for (int i = 0; i < nverdicts; i++)
	{
		int points = dbops_check_points(check, verdicts[i].status);
		bool first = OidIsValid(verdicts[i].datid);

		for (int j = 0; j < i; j++)
			first = first && verdicts[j].datid != verdicts[i].datid;
		verdicts[i].points = i == 0 ? points : 0;
		verdicts[i].database_points = first ? points : 0;
	}
}

static void
judge_check(Bench *bench, const Check *check)
{
	const Terms *terms = &bench->judging->terms[dbops_checks_index(check)];
	int count_before = bench->nverdicts;
	bool limited = dbops_thresholds_limit(bench->thresholds, check);
	Count count = {0};
	int told;

	for (int i = 0; limited && i < dbops_facts_count(terms->facts); i++)
	{
		const Fact *fact = dbops_facts_at(terms->facts, i);

		CHECK_FOR_INTERRUPTS();
		if (check->applies != NULL && !check->applies(fact))
			continue;
		count.applied++;
		judge_entity(bench, check, terms, fact, &count);
	}
	told = bench->nverdicts - count_before;
	qsort_arg(&bench->verdicts[count_before], told, sizeof(Verdict), compare_verdicts,
	          unconstify(Check *, check));
	if (told > OBJECTS_TOLD)
	{
		bench->nverdicts = count_before + OBJECTS_TOLD;
		judge_whole(bench, check, &count, told - OBJECTS_TOLD);
	}
	else if (told == 0)
		judge_whole(bench, check, &count, 0);
	take_points(check, &bench->verdicts[count_before], bench->nverdicts - count_before);
}

/* ---- a round -------------------------------------------------------------------------------- */

Judging *
dbops_judging_create(void)
{
	Judging *judging = palloc0(sizeof(Judging));
	HASHCTL table = {.keysize = sizeof(StandingKey),
	                 .entrysize = sizeof(Standing),
	                 .hcxt = CurrentMemoryContext};

	judging->facts = dbops_facts_create();
	judging->terms = palloc0(sizeof(Terms) * dbops_checks_count());
	for (int i = 0; i < dbops_checks_count(); i++)
		resolve_check(judging->facts, dbops_checks_at(i), &judging->terms[i]);
	judging->standings =
	    hash_create("dbops standings", 64, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	recall(judging);
	return judging;
}

void
dbops_judging_learn_usual(Judging *judging)
{
	dbops_usual_learn(dbops_facts_of(judging->facts, &dbops_family_statement));
}

void
dbops_judging_run(Judging *judging, TimestampTz now)
{
	Bench bench = {
	    .judging = judging,
	    .now = now,
	    .thresholds = dbops_thresholds_load(),
	    .names = dbops_names_create(),
	    .capacity = 128,
	};

	bench.verdicts = palloc(sizeof(Verdict) * bench.capacity);
	judging->round++;
	dbops_facts_update(judging->facts, now);
	for (int i = 0; i < dbops_checks_count(); i++)
		judge_check(&bench, dbops_checks_at(i));
	forget_unmet(judging);
	/* The board takes as many as fit, and the worst are to be among them. */
	qsort_arg(bench.verdicts, bench.nverdicts, sizeof(Verdict), compare_statuses, NULL);
	dbops_verdicts_publish(bench.verdicts, bench.nverdicts, now);
}
