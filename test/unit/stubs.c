/*
 * test/unit/stubs.c
 *		A stand-in for the server under pure modules: memory, errors, strings, and what it asks of the
 *process.
 *
 * Simple and strict rather than fast.  A memory context keeps a list of its chunks, each from
 *malloc, so that sanitizers see every overrun, use after reset and double free; pfree of something
 *that is no chunk aborts.  What is not here is not pure: a module that needs more wants a server
 *test.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "utils/builtins.h"

#include "tap.h"

/* ---- memory ---------------------------------------------------------------------------------- */

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

/* Behind palloc0fast of the versions that have it. */
void *
MemoryContextAllocZeroAligned(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_ZERO);
}

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

/* ---- errors ---------------------------------------------------------------------------------- */

static StubError last_error;

sigjmp_buf *PG_exception_stack = NULL;
ErrorContextCallback *error_context_stack = NULL;

const StubError *
stub_last_error(void)
{
	return &last_error;
}

bool
message_level_is_interesting(int elevel)
{
	return elevel >= NOTICE;
}

bool
errstart(int elevel, const char *domain)
{
	memset(&last_error, 0, sizeof(last_error));
	last_error.elevel = elevel;
	last_error.sqlerrcode = elevel >= ERROR ? ERRCODE_INTERNAL_ERROR : 0;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (last_error.elevel < ERROR)
		return;
	if (PG_exception_stack == NULL)
	{
		printf("Bail out! ERROR %s: %s (%s, %s:%d)\n", unpack_sql_state(last_error.sqlerrcode),
		       last_error.message, funcname, filename, lineno);
		exit(2);
	}
	pg_re_throw();
}

void
pg_re_throw(void)
{
	siglongjmp(*PG_exception_stack, 1);
}

int
errcode(int sqlerrcode)
{
	last_error.sqlerrcode = sqlerrcode;
	return 0;
}

int
errcode_for_file_access(void)
{
	return errcode(errno == ENOENT ? ERRCODE_UNDEFINED_FILE : ERRCODE_IO_ERROR);
}

int
geterrcode(void)
{
	return last_error.sqlerrcode;
}

#define COPY_FORMATTED(target, fmt)                       \
	do                                                    \
	{                                                     \
		va_list args;                                     \
		va_start(args, fmt);                              \
		vsnprintf((target), sizeof(target), (fmt), args); \
		va_end(args);                                     \
		return 0;                                         \
	} while (0)

int
errmsg(const char *fmt, ...)
{
	COPY_FORMATTED(last_error.message, fmt);
}

int
errmsg_internal(const char *fmt, ...)
{
	COPY_FORMATTED(last_error.message, fmt);
}

int
errmsg_plural(const char *fmt_singular, const char *fmt_plural, unsigned long n, ...)
{
	const char *fmt = n == 1 ? fmt_singular : fmt_plural;
	va_list args;

	va_start(args, n);
	vsnprintf(last_error.message, sizeof(last_error.message), fmt, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *fmt, ...)
{
	COPY_FORMATTED(last_error.detail, fmt);
}

int
errdetail_internal(const char *fmt, ...)
{
	COPY_FORMATTED(last_error.detail, fmt);
}

int
errhint(const char *fmt, ...)
{
	COPY_FORMATTED(last_error.hint, fmt);
}

int
errcontext_msg(const char *fmt, ...)
{
	return 0;
}

int
set_errcontext_domain(const char *domain)
{
	return 0;
}

void
FlushErrorState(void)
{
	memset(&last_error, 0, sizeof(last_error));
}

char *
unpack_sql_state(int sql_state)
{
	static char code[6];

	for (int i = 0; i < 5; i++, sql_state >>= 6)
		code[i] = PGUNSIXBIT(sql_state);
	return code;
}

sigjmp_buf *
stub_error_catch(sigjmp_buf *here)
{
	sigjmp_buf *outer = PG_exception_stack;

	memset(&last_error, 0, sizeof(last_error));
	PG_exception_stack = here;
	return outer;
}

void
stub_error_caught(sigjmp_buf *outer, int code, const char *name)
{
	int got = last_error.elevel >= ERROR ? last_error.sqlerrcode : 0;

	PG_exception_stack = outer;
	if (!ok(got == code, "%s", name))
	{
		note("expected SQLSTATE: %s", unpack_sql_state(code));
		note("     got SQLSTATE: %s  %s", unpack_sql_state(got), last_error.message);
	}
}

#if PG_VERSION_NUM >= 160000
void
ExceptionalCondition(const char *condition, const char *file, int line)
#else
void
ExceptionalCondition(const char *condition, const char *kind, const char *file, int line)
#endif
{
	printf("Bail out! failed assertion: %s (%s:%d)\n", condition, file, line);
	fflush(stdout);
	abort();
}

/* ---- strings --------------------------------------------------------------------------------- */

/* 16 loosened the type. */
#if PG_VERSION_NUM >= 160000
typedef const void *StubBytes;
#else
typedef const char *StubBytes;
#endif

StringInfo
makeStringInfo(void)
{
	StringInfo str = palloc(sizeof(StringInfoData));

	initStringInfo(str);
	return str;
}

void
initStringInfo(StringInfo str)
{
	str->maxlen = 64; /* small, so that growing is exercised */
	str->data = palloc(str->maxlen);
	resetStringInfo(str);
}

void
resetStringInfo(StringInfo str)
{
	str->data[0] = '\0';
	str->len = 0;
	str->cursor = 0;
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	Size size = str->maxlen;

	if (needed < 0 || (Size) needed >= MaxAllocSize - (Size) str->len)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("out of memory"),
		         errdetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.",
		                   str->len, needed)));
	while (size < (Size) str->len + needed + 1)
		size *= 2;
	if (size == (Size) str->maxlen)
		return;
	str->data = repalloc(str->data, Min(size, MaxAllocSize));
	str->maxlen = Min(size, MaxAllocSize);
}

void
appendBinaryStringInfo(StringInfo str, StubBytes data, int length)
{
	enlargeStringInfo(str, length);
	memcpy(str->data + str->len, data, length);
	str->len += length;
	str->data[str->len] = '\0';
}

void
appendBinaryStringInfoNT(StringInfo str, StubBytes data, int length)
{
	enlargeStringInfo(str, length);
	memcpy(str->data + str->len, data, length);
	str->len += length;
}

void
appendStringInfoString(StringInfo str, const char *string)
{
	appendBinaryStringInfo(str, string, strlen(string));
}

#undef appendStringInfoChar
void
appendStringInfoChar(StringInfo str, char c)
{
	appendBinaryStringInfo(str, &c, 1);
}

void
appendStringInfoSpaces(StringInfo str, int count)
{
	while (count-- > 0)
		appendStringInfoChar(str, ' ');
}

static char *
format_string(const char *fmt, va_list args)
{
	va_list again;
	int length;
	char *result;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	result = palloc(length + 1);
	vsnprintf(result, length + 1, fmt, args);
	return result;
}

void
appendStringInfo(StringInfo str, const char *fmt, ...)
{
	va_list args;
	char *formatted;

	va_start(args, fmt);
	formatted = format_string(fmt, args);
	va_end(args);
	appendStringInfoString(str, formatted);
	pfree(formatted);
}

char *
psprintf(const char *fmt, ...)
{
	va_list args;
	char *result;

	va_start(args, fmt);
	result = format_string(fmt, args);
	va_end(args);
	return result;
}

/* ---- the rest of the process ------------------------------------------------------------------
 */

volatile sig_atomic_t InterruptPending = false;
volatile uint32 InterruptHoldoffCount = 0;
volatile uint32 CritSectionCount = 0;
int MyProcPid = 4711;

void
ProcessInterrupts(void)
{
	InterruptPending = false;
	ereport(ERROR,
	        (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement due to user request")));
}
