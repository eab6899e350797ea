/*
 * test/unit/stubs.c
 *		A stand-in for the server under pure modules: memory contexts.
 *
 * Simple and strict rather than fast.  A context keeps a list of its chunks, each from malloc, so
 * that sanitizers see every overrun, use after reset and double free; pfree of something that is no
 * chunk aborts.  stub_errors.c has the rest.  What is in neither is not pure: a module that needs
 * more wants a server test.
 */
#include "postgres.h"

#include "nodes/memnodes.h"

#include "tap.h"

#define CHUNK_MAGIC 0x43484e4b

typedef struct StubContext StubContext;

typedef struct Chunk
{
	struct Chunk *prev;
	struct Chunk *next;
	Size size;
	uint64 magic;         /* keeps pfree honest */
	StubContext *context; /* right before the data: there 15's GetMemoryChunkContext looks */
} Chunk;

struct StubContext
{
	MemoryContextData base; /* so that IsA and MemoryContextIsValid work */
	StubContext *parent;
	StubContext *first_child;
	StubContext *next_sibling;
	Chunk *chunks;
	MemoryContextCallback *callbacks;
};

static StubContext top_context = {.base = {.type = T_AllocSetContext, .name = "TopMemoryContext"}};
static StubContext error_context = {.base = {.type = T_AllocSetContext, .name = "ErrorContext"}};

MemoryContext TopMemoryContext = (MemoryContext) &top_context;
MemoryContext ErrorContext = (MemoryContext) &error_context;
MemoryContext CurrentMemoryContext = (MemoryContext) &top_context;
MemoryContext CacheMemoryContext = (MemoryContext) &top_context;
MemoryContext TopTransactionContext = (MemoryContext) &top_context;
MemoryContext CurTransactionContext = (MemoryContext) &top_context;

static int64 fail_allocation_in = 0;

void
stub_fail_allocation(int64 nth)
{
	fail_allocation_in = nth;
}

static Chunk *
chunk_of(const void *pointer)
{
	Chunk *chunk = (Chunk *) pointer - 1;

	if (pointer == NULL || chunk->magic != CHUNK_MAGIC)
	{
		fprintf(stderr, "not a palloc'd chunk: %p\n", pointer);
		abort();
	}
	return chunk;
}

static void
link_chunk(Chunk *chunk, StubContext *context)
{
	chunk->context = context;
	chunk->prev = NULL;
	chunk->next = context->chunks;
	if (chunk->next)
		chunk->next->prev = chunk;
	context->chunks = chunk;
}

static void
unlink_chunk(Chunk *chunk)
{
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		chunk->context->chunks = chunk->next;
	if (chunk->next)
		chunk->next->prev = chunk->prev;
}

static void *
refuse_allocation(Size size, int flags)
{
	if (flags & MCXT_ALLOC_NO_OOM)
		return NULL;
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
	                errdetail("Failed on request of size %zu.", size)));
	return NULL;
}

static void *
allocate(MemoryContext context, Size size, int flags)
{
	Chunk *chunk;

	if (context == NULL)
		abort();
	if (!((flags & MCXT_ALLOC_HUGE) ? AllocHugeSizeIsValid(size) : AllocSizeIsValid(size)))
		elog(ERROR, "invalid memory alloc request size %zu", size);
	if (fail_allocation_in > 0 && --fail_allocation_in == 0)
		return refuse_allocation(size, flags);
	chunk = malloc(sizeof(Chunk) + size);
	if (chunk == NULL)
		return refuse_allocation(size, flags);
	chunk->magic = CHUNK_MAGIC;
	chunk->size = size;
	link_chunk(chunk, (StubContext *) context);
	/* Garbage, so that nobody relies on fresh memory being zero. */
	memset(chunk + 1, (flags & MCXT_ALLOC_ZERO) ? 0 : 0x7f, size);
	return chunk + 1;
}

static void *
reallocate(void *pointer, Size size, int flags)
{
	Chunk *old = chunk_of(pointer);
	void *result = allocate((MemoryContext) old->context, size, flags);

	if (result == NULL)
		return NULL;
	memcpy(result, pointer, Min(old->size, size));
	pfree(pointer);
	return result;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return allocate(context, size, 0);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_ZERO);
}

#if PG_VERSION_NUM < 170000
/* Behind palloc0fast. */
void *
MemoryContextAllocZeroAligned(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_ZERO);
}
#endif

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return allocate(context, size, flags);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_HUGE);
}

void *
palloc(Size size)
{
	return allocate(CurrentMemoryContext, size, 0);
}

void *
palloc0(Size size)
{
	return allocate(CurrentMemoryContext, size, MCXT_ALLOC_ZERO);
}

void *
palloc_extended(Size size, int flags)
{
	return allocate(CurrentMemoryContext, size, flags);
}

void *
repalloc(void *pointer, Size size)
{
	return reallocate(pointer, size, 0);
}

void *
repalloc_extended(void *pointer, Size size, int flags)
{
	return reallocate(pointer, size, flags);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return reallocate(pointer, size, MCXT_ALLOC_HUGE);
}

#if PG_VERSION_NUM >= 160000
void *
repalloc0(void *pointer, Size oldsize, Size size)
{
	char *result = reallocate(pointer, size, 0);

	memset(result + oldsize, 0, size - oldsize);
	return result;
}
#endif

void
pfree(void *pointer)
{
	Chunk *chunk = chunk_of(pointer);

	unlink_chunk(chunk);
	chunk->magic = 0;
	free(chunk);
}

Size
add_size(Size s1, Size s2)
{
	Size result;

	if (__builtin_add_overflow(s1, s2, &result))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("requested shared memory size overflows size_t")));
	return result;
}

Size
mul_size(Size s1, Size s2)
{
	Size result;

	if (__builtin_mul_overflow(s1, s2, &result))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("requested shared memory size overflows size_t")));
	return result;
}

char *
MemoryContextStrdup(MemoryContext context, const char *string)
{
	return memcpy(allocate(context, strlen(string) + 1, 0), string, strlen(string) + 1);
}

char *
pstrdup(const char *string)
{
	return MemoryContextStrdup(CurrentMemoryContext, string);
}

char *
pnstrdup(const char *string, Size length)
{
	char *result;

	length = strnlen(string, length);
	result = memcpy(palloc(length + 1), string, length);
	result[length] = '\0';
	return result;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size minContextSize,
                              Size initBlockSize, Size maxBlockSize)
{
	StubContext *context = calloc(1, sizeof(StubContext));

	context->base.type = T_AllocSetContext;
	context->base.name = name;
	context->parent = parent ? (StubContext *) parent : &top_context;
	context->next_sibling = context->parent->first_child;
	context->parent->first_child = context;
	return (MemoryContext) context;
}

MemoryContext
GenerationContextCreate(MemoryContext parent, const char *name, Size minContextSize,
                        Size initBlockSize, Size maxBlockSize)
{
	return AllocSetContextCreateInternal(parent, name, minContextSize, initBlockSize, maxBlockSize);
}

static void
free_context_contents(StubContext *context)
{
	while (context->callbacks)
	{
		MemoryContextCallback *callback = context->callbacks;

		context->callbacks = callback->next;
		callback->func(callback->arg);
	}
	while (context->chunks)
		pfree(context->chunks + 1);
}

void
MemoryContextDelete(MemoryContext context)
{
	StubContext *gone = (StubContext *) context;
	StubContext **link = &gone->parent->first_child;

	if (CurrentMemoryContext == context)
	{
		fprintf(stderr, "context \"%s\" deleted while current\n", context->name);
		abort();
	}
	MemoryContextDeleteChildren(context);
	while (*link != gone)
		link = &(*link)->next_sibling;
	*link = gone->next_sibling;
	free_context_contents(gone);
	free(gone);
}

void
MemoryContextDeleteChildren(MemoryContext context)
{
	while (((StubContext *) context)->first_child)
		MemoryContextDelete((MemoryContext) ((StubContext *) context)->first_child);
}

void
MemoryContextReset(MemoryContext context)
{
	MemoryContextDeleteChildren(context);
	free_context_contents((StubContext *) context);
}

void
MemoryContextResetOnly(MemoryContext context)
{
	free_context_contents((StubContext *) context);
}

void
MemoryContextRegisterResetCallback(MemoryContext context, MemoryContextCallback *callback)
{
	callback->next = ((StubContext *) context)->callbacks;
	((StubContext *) context)->callbacks = callback;
}

void
MemoryContextSetIdentifier(MemoryContext context, const char *id)
{
	context->ident = id;
}

MemoryContext
MemoryContextGetParent(MemoryContext context)
{
	return (MemoryContext) ((StubContext *) context)->parent;
}

#if PG_VERSION_NUM >= 160000
MemoryContext
GetMemoryChunkContext(void *pointer)
{
	return (MemoryContext) chunk_of(pointer)->context;
}
#endif

Size
GetMemoryChunkSpace(void *pointer)
{
	return chunk_of(pointer)->size;
}

static void
count_context(const StubContext *context, Size *bytes, int64 *chunks)
{
	for (const Chunk *chunk = context->chunks; chunk; chunk = chunk->next)
	{
		*bytes += chunk->size;
		(*chunks)++;
	}
	for (const StubContext *child = context->first_child; child; child = child->next_sibling)
		count_context(child, bytes, chunks);
}

Size
stub_context_bytes(MemoryContext context)
{
	Size bytes = 0;
	int64 chunks = 0;

	count_context((StubContext *) context, &bytes, &chunks);
	return bytes;
}

int64
stub_context_chunks(MemoryContext context)
{
	Size bytes = 0;
	int64 chunks = 0;

	count_context((StubContext *) context, &bytes, &chunks);
	return chunks;
}

Size
MemoryContextMemAllocated(MemoryContext context, bool recurse)
{
	return stub_context_bytes(context);
}
