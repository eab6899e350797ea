/*
 * test/unit/stub_errors.c
 *		Errors, strings and the process under a unit test.
 *
 * An error jumps to PG_exception_stack, as in the server, so PG_TRY works too; without a catcher it
 * ends the program with "Bail out!".  The latest report stays readable by stub_last_error().
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"

#include "tap.h"

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

/* The parser of JSON that programs link with has none of its own on some versions. */
char *json_errdetail(JsonParseErrorType error, JsonLexContext *lex) __attribute__((weak));

char *
json_errdetail(JsonParseErrorType error, JsonLexContext *lex)
{
	return psprintf("Error %d.", (int) error);
}

/* 19 gives a kind of lock its name with its id. */
#if PG_VERSION_NUM >= 190000
int
LWLockNewTrancheId(const char *name)
{
	return 1;
}
#else
int
LWLockNewTrancheId(void)
{
	return 1;
}

void
LWLockRegisterTranche(int tranche_id, const char *tranche_name)
{
}
#endif
