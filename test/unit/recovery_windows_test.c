/*
 * test/unit/recovery_windows_test.c
 *		Times that can be gone back to: archives with holes, receivers with gaps, promotions.
 *
 * sources: src/judge/recovery_windows.c
 */
#include "postgres.h"

#include "judge/recovery_windows.h"

#include "tap.h"

#define MAX_ITEMS 4
#define SEGMENT 100

typedef struct Example
{
	const char *name;
	LeftTimeline left[MAX_ITEMS];
	TimeLineID timeline;
	WalPiece pieces[MAX_ITEMS];
	WalHole holes[MAX_ITEMS];
	KeptBackup backups[MAX_ITEMS];
	const char *windows; /* timeline:from-to, backups, end */
} Example;

#define ARCHIVE(timeline, start, end)           \
	{                                           \
		(timeline), (start), (end), true, false \
	}
#define RECEIVER(timeline, start, end)                   \
	{                                                    \
		(timeline), (start), (end), false, (end) == 1000 \
	}

static const Example examples[] = {
    {"no backup is no window", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)}, .windows = ""},
    {"a backup alone", .timeline = 1, .backups = {{1, 150, 1}}, .windows = "1:150-150 1 no WAL"},
    {"an archive that goes on", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .backups = {{1, 150, 1}, {1, 450, 4}}, .windows = "1:150-1000 2 goes on"},
    {"a backup that is newer than all that is archived", .timeline = 1,
     .pieces = {ARCHIVE(1, 0, 400)}, .backups = {{1, 450, 4}}, .windows = "1:450-450 1 goes on"},
    {"a hole, and a backup behind it", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .holes = {{1, 300, 500, "discarded"}}, .backups = {{1, 150, 1}, {1, 650, 6}},
     .windows = "1:150-300 1 discarded; 1:650-1000 1 goes on"},
    {"a backup that ends just behind the hole", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .holes = {{1, 300, 500, "discarded"}}, .backups = {{1, 499, 1}, {1, 500, 6}},
     .windows = "1:499-499 1 discarded; 1:500-1000 1 goes on"},
    {"a hole that grows", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .holes = {{1, 300, 0, "discarded"}}, .backups = {{1, 150, 1}},
     .windows = "1:150-300 1 discarded"},
    {"a hole before the backup", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .holes = {{1, 100, 140, "dropped"}}, .backups = {{1, 150, 1}},
     .windows = "1:150-1000 1 goes on"},
    {"the first of two holes", .timeline = 1, .pieces = {ARCHIVE(1, 0, 1000)},
     .holes = {{1, 700, 0, "discarded"}, {1, 300, 500, "dropped"}}, .backups = {{1, 150, 1}},
     .windows = "1:150-300 1 dropped"},
    {"a receiver has what the archive lacks", .timeline = 1,
     .pieces = {ARCHIVE(1, 0, 1000), RECEIVER(1, 200, 600)}, .holes = {{1, 300, 500, "discarded"}},
     .backups = {{1, 150, 1}}, .windows = "1:150-1000 1 goes on"},
    {"a receiver that ends within the hole", .timeline = 1,
     .pieces = {ARCHIVE(1, 0, 1000), RECEIVER(1, 200, 499)}, .holes = {{1, 300, 500, "discarded"}},
     .backups = {{1, 150, 1}}, .windows = "1:150-499 1 discarded"},
    {"a receiver that lost its slot, and began anew", .timeline = 1,
     .pieces = {RECEIVER(1, 100, 400), RECEIVER(1, 600, 1000)},
     .backups = {{1, 150, 1}, {1, 550, 5}, {1, 650, 6}},
     .windows = "1:150-400 1 gap; 1:550-550 1 gap; 1:650-1000 1 goes on"},
    {"the same where archive_command does nothing, on purpose", .timeline = 1,
     .pieces = {ARCHIVE(1, 0, 1000), RECEIVER(1, 100, 400), RECEIVER(1, 600, 1000)},
     .holes = {{1, 50, 0, "discarded"}}, .backups = {{1, 150, 1}, {1, 650, 6}},
     .windows = "1:150-400 1 gap; 1:650-1000 1 goes on"},
    {"a receiver that is gone, and was all there was", .timeline = 1,
     .pieces = {RECEIVER(1, 100, 400)}, .backups = {{1, 150, 1}}, .windows = "1:150-400 1 stopped"},
    {"a receiver that came back in time", .timeline = 1,
     .pieces = {RECEIVER(1, 100, 400), RECEIVER(1, 400, 1000)}, .backups = {{1, 150, 1}},
     .windows = "1:150-1000 1 goes on"},
    {"a receiver that began after the backup", .timeline = 1, .pieces = {RECEIVER(1, 200, 1000)},
     .backups = {{1, 150, 1}}, .windows = "1:150-150 1 gap"},

    {"promoted, all of the timeline before is archived", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 560), ARCHIVE(2, 500, 1000)}, .backups = {{1, 150, 1}, {2, 650, 6}},
     .windows = "2:150-1000 2 goes on"},
    {"all but the segment in which it was left, which the new one has", .left = {{1, 560}},
     .timeline = 2, .pieces = {ARCHIVE(1, 0, 500), ARCHIVE(2, 500, 1000)}, .backups = {{1, 150, 1}},
     .windows = "2:150-1000 1 goes on"},
    {"a segment less", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 499), ARCHIVE(2, 500, 1000)}, .backups = {{1, 150, 1}, {2, 650, 6}},
     .windows = "1:150-499 1 unknown; 2:650-1000 1 goes on"},
    {"promoted, and nothing is archived since", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 560)}, .backups = {{1, 150, 1}}, .windows = "2:150-560 1 no WAL"},
    {"the server before went on behind the promotion", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 800), ARCHIVE(2, 500, 1000)}, .backups = {{1, 150, 1}},
     .windows = "1:560-800 1 branch; 2:150-1000 1 goes on"},
    {"and took backups, which lead nowhere else", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 800), ARCHIVE(2, 500, 1000)}, .backups = {{1, 700, 7}},
     .windows = "1:700-800 1 branch"},
    {"a backup that ends where the timeline was left leads on", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(2, 500, 1000)}, .backups = {{1, 560, 5}},
     .windows = "2:560-1000 1 goes on"},
    {"a hole of the timeline before", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 560), ARCHIVE(2, 500, 1000)}, .holes = {{1, 300, 400, "dropped"}},
     .backups = {{1, 150, 1}, {1, 450, 4}}, .windows = "1:150-300 1 dropped; 2:450-1000 1 goes on"},
    {"its hole is none of the new timeline", .left = {{1, 560}}, .timeline = 2,
     .pieces = {ARCHIVE(1, 0, 560), ARCHIVE(2, 500, 1000)}, .holes = {{1, 600, 0, "discarded"}},
     .backups = {{1, 150, 1}}, .windows = "2:150-1000 1 goes on"},
    {"promoted twice", .left = {{1, 560}, {3, 760}}, .timeline = 4,
     .pieces = {ARCHIVE(1, 0, 560), ARCHIVE(3, 500, 760), ARCHIVE(4, 700, 1000)},
     .backups = {{1, 150, 1}, {3, 650, 6}, {2, 600, 5}},
     .windows = "2:600-600 1 branch; 4:150-1000 2 goes on"},
};

static const char *const ends[] = {
    [WINDOW_GOES_ON] = "goes on", [WINDOW_HOLE] = "hole",       [WINDOW_GAP] = "gap",
    [WINDOW_NO_WAL] = "no WAL",   [WINDOW_UNKNOWN] = "unknown", [WINDOW_BRANCH] = "branch",
    [WINDOW_STOPPED] = "stopped"};

static void
run_example(const Example *example)
{
	WindowFacts facts = {.timeline = example->timeline,
	                     .segment_size = SEGMENT,
	                     .left = example->left,
	                     .pieces = example->pieces,
	                     .holes = example->holes,
	                     .backups = example->backups};
	RecoveryWindow *windows;
	char told[512] = "";
	int count;

	while (facts.nleft < MAX_ITEMS && example->left[facts.nleft].timeline != 0)
		facts.nleft++;
	while (facts.npieces < MAX_ITEMS && example->pieces[facts.npieces].timeline != 0)
		facts.npieces++;
	while (facts.nholes < MAX_ITEMS && example->holes[facts.nholes].timeline != 0)
		facts.nholes++;
	while (facts.nbackups < MAX_ITEMS && example->backups[facts.nbackups].timeline != 0)
		facts.nbackups++;
	windows = dbops_recovery_windows_find(&facts, &count);
	for (int i = 0; i < count; i++)
		snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%u:%d-%d %d %s",
		         i > 0 ? "; " : "", windows[i].timeline, (int) windows[i].from, (int) windows[i].to,
		         windows[i].backups,
		         windows[i].end == WINDOW_HOLE ? windows[i].kind : ends[windows[i].end]);
	is_str(told, example->windows, "%s", example->name);
	pfree(windows);
}

int
main(void)
{
	for (int i = 0; i < lengthof(examples); i++)
		run_example(&examples[i]);
	return tap_done();
}
