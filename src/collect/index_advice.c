/*
 * collect/index_advice.c
 *		The family "index_advice": how much of a database's time the open index advice would save.
 *
 * Read from the board that the keeper writes from its tables, so it can be had in any process.
 */
#include "postgres.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "store/advice_board.h"
#include "store/frame.h"

enum
{
	ADVICE_OPEN,
	ADVICE_REGRESSED,
	ADVICE_SAVED_MS,
	ADVICE_TOTAL_MS,
	ADVICE_ADVISED_AT,
};

static const Label labels[] = {
    LABEL_OF_DATABASE("Database that is advised on"),
};

static const Metric metrics[] = {
    [ADVICE_OPEN] =
        GAUGE(1, "open", "", ROLLUP_LAST, "Indexes that are advised, without dismissed ones"),
    [ADVICE_REGRESSED] = GAUGE(2, "regressed", "", ROLLUP_LAST,
                               "Advice that was followed, made it slower and was not taken back"),
    [ADVICE_SAVED_MS] = GAUGE_SCALED(3, "saved_ms_per_day", "ms", 0.001, ROLLUP_LAST,
                                     "Time of statements that open advice would save in a day"),
    [ADVICE_TOTAL_MS] =
        GAUGE_SCALED(4, "total_ms_per_day", "ms", 0.001, ROLLUP_LAST,
                     "Time of all statements in a day, as it was when it was advised"),
    [ADVICE_ADVISED_AT] = SIGN_OF_LIFE(5, "advised_at", "When it was last advised"),
};

static const Derived derived[] = {
    RATIO("saved_percent", 100, "saved_ms_per_day", "total_ms_per_day", "percent",
          "Share of that time that open advice would save"),
};

static void
read_advice(Frame *frame)
{
	const AdviceBoard *board = dbops_advice_board_copy();

	for (int i = 0; board != NULL && i < board->ndatabases; i++)
	{
		const AdviceFacts *facts = &board->databases[i];
		EntityKey key = {{facts->datid}};
		int64 *values;

		if (facts->advised_at == 0)
			continue;
		values = dbops_frame_add(frame, &key, NULL);
		values[ADVICE_OPEN] = facts->open;
		values[ADVICE_REGRESSED] = facts->regressed;
		values[ADVICE_SAVED_MS] = facts->saved_us_per_day;
		values[ADVICE_TOTAL_MS] = facts->total_us_per_day;
		values[ADVICE_ADVISED_AT] = facts->advised_at;
	}
}

const Family dbops_family_index_advice = {
    .id = 50,
    .name = "index_advice",
    .help = "Open index advice of databases",
    .cadence = CADENCE_WIDE,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .refresh_hourly = true,
    .rarely_changes = true,
    .read = read_advice,
};
