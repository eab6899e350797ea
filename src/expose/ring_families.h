/*
 * expose/ring_families.h
 *		Families of which only the sampler or the keeper knows all, for Prometheus, as the ring of
 *		ticks has them.
 *
 * A file of its own because these are not as they stand but as they were sampled last, and because
 * ticks tell how much a counter grew: what Prometheus sees is what it grew by since this process
 * first asked, so a counter begins anew where another process answers.
 */
#pragma once

#include "judge/facts.h"
#include "store/frame.h"

/* Takes in what is new, for all of them, once for each scrape. */
extern void dbops_ring_families_update(void);

/* Whether the family is one of these; others are read by Family.read. */
extern bool dbops_ring_families_have(const Family *family);

/*
 * One of them, in a new frame in the current context.  There are so many entities at most as
 * Prometheus should have of that family, those that are worst.
 */
extern Frame *dbops_ring_families_frame(const Family *family);

/* What is followed of one of them, ; not of those whose counters are summed up. */
extern Facts *dbops_ring_families_facts(const Family *family);
