/*
 * judge/facts.h
 *		What is known of the entities of some families, for judges: gauges as they are, counters and
 *		histograms over a window.
 *
 * Facts follow the ring of ticks, so they need no SQL and no tables, cost what is new, and are the
 * same on a standby.  Gauges that any process can read are read anew; those that only the sampler
 * or SQL knows are the latest that it gave.  Counters cover the last half to whole
 * FACTS_WINDOW_S.
 */
#pragma once

#include "store/family.h"

#define FACTS_WINDOW_S 300

typedef struct FactSet FactSet;
typedef struct Facts Facts;

/* One entity.  What it points to is good until the next one. */
typedef struct Fact
{
	const Family *family;
	const EntityKey *key;
	const char *texts;      /* of the text labels, see store/texts.h; or NULL */
	const int64 *values;    /* by metric; FAMILY_NULL what is unknown or was not wanted */
	int64 covers_us;        /* time that counters cover; 0 while there was one sample only */
	TimestampTz sampled_at; /* of the family's last sample; 0 before the first */
	TimestampTz now;        /* when it is judged */
	double usual;           /* what was learned of its past; NaN when nothing was */
} Fact;

/* Made in a child of the current context. */
extern FactSet *dbops_facts_create(void);

/* The facts of one family; the same ones for all who ask. */
extern Facts *dbops_facts_of(FactSet *set, const Family *family);

/* Metrics to follow, to be set in this array before the first update. */
extern bool *dbops_facts_wanted(Facts *facts);

/*
 * What is usual for an entity, replacing all that was said before the last call of forget; the
 * judges say in what.
 */
extern void dbops_facts_forget_usual(Facts *facts);
extern void dbops_facts_set_usual(Facts *facts, const EntityKey *key, double usual);

/* Takes in what is new.  A family that cannot be read has no entities; the others have theirs. */
extern void dbops_facts_update(FactSet *set, TimestampTz now);

/* Whether the family was ever sampled. */
extern bool dbops_facts_known(const Facts *facts);

/* Why it could not be read this time; NULL when it was. */
extern const char *dbops_facts_error(const Facts *facts);

/* Entities, and each of them: 0 .. count - 1. */
extern int dbops_facts_count(const Facts *facts);
extern const Fact *dbops_facts_at(Facts *facts, int index);
