/*
 * math/histogram_text.c
 *		A histogram as text; see histogram_text.h.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "math/histogram_text.h"
#include "math/histogram_type.h"

typedef struct TextReader
{
	const char *text;
	const char *at;
} TextReader;

static void
report_syntax(const TextReader *reader, const char *expected)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
	                errmsg("invalid input syntax for type %s: \"%s\"", "histogram", reader->text),
	                errdetail("%s expected at \"%s\".", expected, reader->at)));
}

static bool
take_sign(TextReader *reader, char sign)
{
	while (isspace((unsigned char) *reader->at))
		reader->at++;
	if (*reader->at != sign)
		return false;
	reader->at++;
	return true;
}

static uint64
read_number(TextReader *reader, const char *expected, uint64 max)
{
	uint64 number = 0;

	while (isspace((unsigned char) *reader->at))
		reader->at++;
	if (!isdigit((unsigned char) *reader->at))
		report_syntax(reader, expected);
	for (; isdigit((unsigned char) *reader->at); reader->at++)
	{
		int digit = *reader->at - '0';

		if (number > (max - digit) / 10)
			ereport(ERROR,
			        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			         errmsg("number in histogram \"%s\" is out of range", reader->text),
			         errdetail("%s must be at most %llu.", expected, (unsigned long long) max)));
		number = number * 10 + digit;
	}
	return number;
}

/* Reads `bucket:count` into the dense counts; *sum grows by the count. */
static void
read_bucket(TextReader *reader, uint64 *dense, uint64 *sum)
{
	uint64 bucket = read_number(reader, "A bucket", HISTOGRAM_BUCKETS - 1);
	uint64 count;

	if (!take_sign(reader, ':'))
		report_syntax(reader, "A colon");
	count = read_number(reader, "A count", HISTOGRAM_MAX_COUNT);
	if (count == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                errmsg("bucket %d of a histogram has no count", (int) bucket),
		                errhint("Leave out buckets without a count.")));
	if (dense[bucket] != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                errmsg("bucket %d of a histogram is given twice", (int) bucket)));
	if (count > HISTOGRAM_MAX_COUNT - *sum)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("counts of a histogram are out of range")));
	dense[bucket] = count;
	*sum += count;
}

Histogram *
dbops_histogram_parse(const char *input)
{
	TextReader reader = {.text = input, .at = input};
	uint64 dense[HISTOGRAM_BUCKETS] = {0};
	uint64 sum = 0;
	Histogram *histogram;

	if (!take_sign(&reader, '{'))
		report_syntax(&reader, "An opening brace");
	if (!take_sign(&reader, '}'))
	{
		do
			read_bucket(&reader, dense, &sum);
		while (take_sign(&reader, ','));
		if (!take_sign(&reader, '}'))
			report_syntax(&reader, "A comma or a closing brace");
	}
	if (!take_sign(&reader, '\0'))
		report_syntax(&reader, "Nothing more");

	histogram = palloc(HISTOGRAM_SIZE(dbops_histogram_nonzero(dense)));
	dbops_histogram_from_dense(dense, histogram);
	return histogram;
}

char *
dbops_histogram_print(const Histogram *histogram)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	for (int i = 0; i < histogram->nbuckets; i++)
		appendStringInfo(&out, "%s%d:" UINT64_FORMAT, i > 0 ? ", " : "",
		                 histogram->buckets[i].bucket, histogram->buckets[i].count);
	appendStringInfoChar(&out, '}');
	return out.data;
}
