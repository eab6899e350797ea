/*
 * gateway/metrics_format.c
 *		In which format a scraper wants its metrics; see metrics_format.h.
 */
#include "postgres.h"

#include "gateway/metrics_format.h"

#define BLANKS " \t"
#define MOST_PARAMETERS 2

typedef struct Parameter
{
	const char *name;
	const char *value;
} Parameter;

/* What an entry of the header may ask for.  A parameter that it leaves out is as it should be. */
typedef struct Offer
{
	const char *type;
	MetricsFormat format;
	Parameter parameters[MOST_PARAMETERS];
} Offer;

static const Offer offers[] = {
    {"application/vnd.google.protobuf",
     METRICS_PROTOBUF,
     {{"proto", "io.prometheus.client.MetricFamily"}, {"encoding", "delimited"}}},
    {"application/openmetrics-text", METRICS_OPENMETRICS, {{"version", "1.0.0"}}},
    {"text/plain", METRICS_TEXT, {{"version", "0.0.4"}}},
    {"text/*", METRICS_TEXT, {{NULL}}},
    {"*/*", METRICS_TEXT, {{NULL}}},
};

/* A part of the header. */
typedef struct Span
{
	const char *begin;
	const char *end;
} Span;

static Span
trim(Span span)
{
	while (span.begin < span.end && strchr(BLANKS, *span.begin) != NULL)
		span.begin++;
	while (span.begin < span.end && strchr(BLANKS, span.end[-1]) != NULL)
		span.end--;
	return span;
}

/* What is before the next separator, which is skipped; one within quotes is none. */
static Span
take_part(Span *rest, char separator)
{
	Span part = {rest->begin, rest->begin};
	bool quoted = false;

	for (; part.end < rest->end && (quoted || *part.end != separator); part.end++)
		quoted ^= *part.end == '"';
	rest->begin = Min(part.end + 1, rest->end);
	return trim(part);
}

static bool
is_word(Span span, const char *word)
{
	Size size = strlen(word);

	return span.end - span.begin == size && pg_strncasecmp(span.begin, word, size) == 0;
}

static Span
unquote(Span span)
{
	if (span.end - span.begin >= 2 && *span.begin == '"' && span.end[-1] == '"')
		return (Span){span.begin + 1, span.end - 1};
	return span;
}

/* Thousandths; what is none counts as 0, so that it is not chosen. */
static int
read_weight(Span span)
{
	int weight = 0;
	int unit = 1000;
	bool point = false;

	for (const char *at = span.begin; at < span.end; at++)
	{
		if (*at == '.' && !point)
			point = true;
		else if (*at < '0' || *at > '9')
			return 0;
		else if (!point)
			weight = Min(weight * 10 + (*at - '0') * 1000, 1000);
		else
			weight += (*at - '0') * (unit /= 10);
	}
	return Min(weight, 1000);
}

static bool
fits(const Offer *offer, Span name, Span value)
{
	for (int i = 0; i < MOST_PARAMETERS && offer->parameters[i].name != NULL; i++)
	{
		if (is_word(name, offer->parameters[i].name))
			return is_word(value, offer->parameters[i].value);
	}
	return true;
}

/* How much an entry wants an offer, in thousandths; 0: it is of something else. */
static int
weigh(Span entry, const Offer *offer)
{
	int weight = 1000;

	if (!is_word(take_part(&entry, ';'), offer->type))
		return 0;
	while (entry.begin < entry.end)
	{
		Span value = take_part(&entry, ';');
		Span name = take_part(&value, '=');

		value = unquote(trim(value));
		if (is_word(name, "q"))
			weight = read_weight(value);
		else if (!fits(offer, name, value))
			return 0;
	}
	return weight;
}

MetricsFormat
dbops_metrics_format_choose(const char *accept)
{
	Span rest = {accept, accept == NULL ? NULL : accept + strlen(accept)};
	MetricsFormat chosen = METRICS_TEXT;
	int most = 0;

	while (rest.begin < rest.end)
	{
		Span entry = take_part(&rest, ',');

		for (int i = 0; i < lengthof(offers); i++)
		{
			int weight = weigh(entry, &offers[i]);

			if (weight <= most)
				continue;
			most = weight;
			chosen = offers[i].format;
		}
	}
	return chosen;
}
