/*
 * advise/droppable.c
 *		Which indexes may leave; see droppable.h.
 */
#include "postgres.h"

#include "advise/droppable.h"
#include "advise/restricted.h"

/* An index on its way to be an item. */
typedef struct Admission
{
	Whatif *whatif;
	Oid indexid;
	int item;
} Admission;

static void
admit(void *arg)
{
	Admission *admission = arg;

	admission->item = dbops_whatif_add_existing(admission->whatif, admission->indexid);
}

/* What is being dropped or built is not waited for: it is no item. */
static int
admit_index(Whatif *whatif, const ExistingIndex *index)
{
	const RestrictedContext nobody_else = {0};
	Admission admission = {.whatif = whatif, .indexid = index->indexid, .item = -1};
	TaskError error;

	/* A part is there with the index of its table, an invalid one is not for queries. */
	if (index->duty == INDEX_OF_PARTITION || index->duty == INDEX_INVALID)
		return -1;
	return dbops_restricted_run(&nobody_else, admit, &admission, &error) ? admission.item : -1;
}

Droppables *
dbops_droppables_load(Whatif *whatif, const List *tables, int64 window_ms)
{
	Droppables *droppables = palloc0(sizeof(Droppables));

	droppables->whatif = whatif;
	droppables->existing = dbops_existing_indexes_load(tables, window_ms);
	droppables->count = droppables->existing->count;
	droppables->indexes = palloc0(sizeof(Droppable) * Max(droppables->count, 1));
	for (int i = 0; i < droppables->count; i++)
	{
		Droppable *droppable = &droppables->indexes[i];
		ExistingIndex *index = &droppables->existing->indexes[i];

		droppable->index = index;
		droppable->item = admit_index(whatif, index);
		if (droppable->item >= 0)
			index->spec = dbops_whatif_item(whatif, droppable->item)->spec;
		if (index->spec == NULL && index->duty == INDEX_NO_DUTY)
			index->duty = INDEX_UNKNOWN;
		droppable->facts = (DropFacts){.duty = index->duty,
		                               .days = index->days,
		                               .scans = index->scans,
		                               .standbys_unknown = droppables->existing->standbys_unknown};
	}
	return droppables;
}

void
dbops_droppables_judge(Droppables *droppables)
{
	for (int i = 0; i < droppables->count; i++)
		droppables->indexes[i].condition = dbops_drop_judge(&droppables->indexes[i].facts);
}

Droppable *
dbops_droppable_of(const Droppables *droppables, int item)
{
	for (int i = 0; i < droppables->count; i++)
	{
		if (droppables->indexes[i].item == item && item >= 0)
			return &droppables->indexes[i];
	}
	return NULL;
}

int
dbops_droppable_cover(const Droppables *droppables, int item, const Bitmapset *set,
                      IndexCover *cover)
{
	const IndexSpec *spec = dbops_whatif_item(droppables->whatif, item)->spec;
	int found = -1;

	*cover = COVER_NONE;
	for (int other = -1; spec != NULL && (other = bms_next_member(set, other)) >= 0;)
	{
		const IndexSpec *wide = dbops_whatif_item(droppables->whatif, other)->spec;
		IndexCover covers =
		    other == item || wide == NULL ? COVER_NONE : dbops_index_cover(spec, wide);

		if (covers <= *cover)
			continue;
		found = other;
		*cover = covers;
	}
	return found;
}

static bool
is_key_served(const Droppables *droppables, const ForeignKey *key, int but, const Bitmapset *set)
{
	for (int item = -1; (item = bms_next_member(set, item)) >= 0;)
	{
		const IndexSpec *spec = dbops_whatif_item(droppables->whatif, item)->spec;

		if (item != but && spec != NULL && dbops_index_serves_key(spec, key))
			return true;
	}
	return false;
}

const ForeignKey *
dbops_droppable_serves(const Droppables *droppables, int item, const Bitmapset *set)
{
	const IndexSpec *spec = dbops_whatif_item(droppables->whatif, item)->spec;

	for (int i = 0; spec != NULL && i < droppables->existing->nkeys; i++)
	{
		const ForeignKey *key = &droppables->existing->keys[i];

		if (dbops_index_serves_key(spec, key) && !is_key_served(droppables, key, item, set))
			return key;
	}
	return NULL;
}

bool
dbops_droppable_from(const Droppables *droppables, int item, const Bitmapset *set)
{
	const Droppable *droppable = dbops_droppable_of(droppables, item);
	IndexCover cover;

	if (droppable == NULL || droppable->condition == DROP_NEVER)
		return false;
	if (droppable->condition == DROP_COVERED &&
	    dbops_droppable_cover(droppables, item, set, &cover) < 0)
		return false;
	return dbops_droppable_serves(droppables, item, set) == NULL;
}
