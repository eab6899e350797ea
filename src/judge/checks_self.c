/*
 * judge/checks_self.c
 *		Checks of dbops itself: what it costs, and what it left out.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "judge/checks.h"
#include "judge/term.h"

static const Check checks[] = {
    {
        .name = "dbops cpu",
        .about = "Share of one CPU that a worker of dbops takes",
        .family = &dbops_family_self,
        .scope = SCOPE_OBJECT,
        .column = "cpu_percent",
        .warning = 5,
        .critical = 30,
        .for_s = 300,
        .evidence = {"mean_cycle_ms", "cycles"},
        .points = 2,
        .why = "dbops is to watch the server, not to load it",
        .what_to_do =
            "SELECT * FROM dbops.tasks(); raise dbops.wait_interval, dbops.sample_interval or dbops.wide_interval.",
    },
    {
        .name = "dbops samples left out",
        .about = "Samples in the window that were left out as too expensive",
        .family = &dbops_family_self,
        .scope = SCOPE_OBJECT,
        .column = "samples_skipped",
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"samples_skipped", "last_cycle_ms"},
        .points = 1,
        .why = "The history has a hole where the sample would be",
        .what_to_do = "SELECT * FROM dbops.tasks();",
    },
    {
        .name = "dbops samples lost",
        .about = "Samples in the window that were overwritten in memory, or found no room there",
        .family = &dbops_family_self,
        .scope = SCOPE_OBJECT,
        .column = "ticks_lost",
        .warning = 1,
        .critical = NO_LIMIT,
        .evidence = {"ticks_lost", "ticks_dropped", "ring_used_bytes", "ring_bytes"},
        .points = 2,
        .why = "The history has a hole where they would be",
        .what_to_do = "SELECT * FROM dbops.status(); raise dbops.ring_size.",
    },
};

const CheckTable dbops_checks_self = CHECK_TABLE(checks);
