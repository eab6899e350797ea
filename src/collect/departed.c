/*
 * collect/departed.c
 *		Last rows of entities that are gone; see departed.h.
 *
 * A file of its own because several families need it and none of it is about their sources.  The
 * frame's bookmark tells the sampler's frame from any other.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/departed.h"

static void
add_missing(const Departed *departed, Frame *frame, int npresent, void (*end)(int64 *values))
{
	int present = 0;

	for (int i = 0; i < departed->count; i++)
	{
		const EntityKey *key = &departed->keys[i];

		while (present < npresent && dbops_entity_compare(&frame->keys[present], key) < 0)
			present++;
		if (present < npresent && dbops_entity_compare(&frame->keys[present], key) == 0)
			continue;
		end(dbops_frame_append(frame, key, departed->texts == NULL ? NULL : departed->texts[i]));
	}
}

static void
remember(Departed *departed, const Frame *frame, int npresent)
{
	MemoryContext old;

	if (departed->context == NULL)
		departed->context =
		    AllocSetContextCreate(TopMemoryContext, "dbops departed", ALLOCSET_SMALL_SIZES);
	departed->count = 0;
	MemoryContextReset(departed->context);
	old = MemoryContextSwitchTo(departed->context);
	departed->keys = palloc(sizeof(EntityKey) * Max(npresent, 1));
	departed->texts = frame->texts == NULL ? NULL : palloc(sizeof(char *) * Max(npresent, 1));
	for (int i = 0; i < npresent; i++)
	{
		departed->keys[i] = frame->keys[i];
		if (departed->texts == NULL)
			continue;
		Size size = dbops_texts_size(frame->texts[i], frame->ntexts);

		departed->texts[i] = memcpy(palloc(size), frame->texts[i], size);
	}
	departed->count = npresent;
	MemoryContextSwitchTo(old);
}

void
dbops_departed_add(Departed *departed, Frame *frame, void (*end)(int64 *values))
{
	int npresent = frame->nrows;

	dbops_frame_sort(frame);
	if (frame->bookmark != 0 && frame->bookmark == departed->bookmark)
		add_missing(departed, frame, npresent, end);
	remember(departed, frame, npresent);
	frame->bookmark = ++departed->bookmark;
}
