/*
 * store/damage.c
 *		Stored ticks and chunks that cannot be read; see damage.h.
 *
 * What is remembered is guarded by a spinlock, held for a copy.
 */
#include "postgres.h"

#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "store/damage.h"

#define REPAIR_HINT \
	"SELECT * FROM dbops.repair() sets aside what cannot be read; the rest is not affected."

typedef struct DamageShared
{
	slock_t mutex;
	DamageState state;
} DamageShared;

static DamageShared *shared = NULL;

Size
dbops_damage_shmem_size(void)
{
	return MAXALIGN(sizeof(DamageShared));
}

void
dbops_damage_shmem_init(void)
{
	bool found;

	shared = ShmemInitStruct("dbops damage", dbops_damage_shmem_size(), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	SpinLockInit(&shared->mutex);
}

/* Other errors, such as a cancel, have nothing to do with what is being read. */
static void
name_place(void *arg)
{
	const StoredPlace *place = arg;

	if (geterrcode() != ERRCODE_DATA_CORRUPTED)
		return;
	errhint(REPAIR_HINT);
	errcontext("family \"%s\" of node \"%s\" at %s, in table dbops.%s", place->family, place->node,
	           timestamptz_to_str(place->at), place->table);
}

void
dbops_damage_enter(DamageScope *scope, StoredPlace place)
{
	scope->place = place;
	scope->callback = (ErrorContextCallback){
	    .previous = error_context_stack, .callback = name_place, .arg = &scope->place};
	error_context_stack = &scope->callback;
}

void
dbops_damage_leave(DamageScope *scope)
{
	error_context_stack = scope->callback.previous;
}

static bool
is_same(const StoredPlace *a, const StoredPlace *b)
{
	return a->at == b->at && strcmp(a->table, b->table) == 0 && strcmp(a->node, b->node) == 0 &&
	       strcmp(a->family, b->family) == 0;
}

void
dbops_damage_note(const StoredPlace *place, const char *message)
{
	DamageState before;

	/* What is tried again and again is told once. */
	dbops_damage_state(&before);
	if (before.count > 0 && is_same(&before.last, place))
		return;
	ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
	              errmsg("dbops left out family \"%s\" of node \"%s\" at %s, in table dbops.%s",
	                     place->family, place->node, timestamptz_to_str(place->at), place->table),
	              errdetail_internal("%s", message), errhint(REPAIR_HINT)));
	if (shared == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	shared->state.count++;
	shared->state.last = *place;
	strlcpy(shared->state.message, message, sizeof(shared->state.message));
	SpinLockRelease(&shared->mutex);
}

void
dbops_damage_forget(void)
{
	if (shared == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	shared->state.count = 0;
	SpinLockRelease(&shared->mutex);
}

void
dbops_damage_state(DamageState *state)
{
	memset(state, 0, sizeof(*state));
	if (shared == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	*state = shared->state;
	SpinLockRelease(&shared->mutex);
}
