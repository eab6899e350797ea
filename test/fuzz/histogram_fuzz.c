/*
 * test/fuzz/histogram_fuzz.c
 *		The SQL type dbops.histogram: its bytes and its text, which anybody may send.
 *
 * The first byte chooses between them.
 *
 * sources: src/math/histogram_text.c src/math/histogram_type.c src/math/histogram.c
 */
#include "postgres.h"

#include "access/htup_details.h" /* from 16 on it brings the macros of varlena */

#include "math/histogram_text.h"
#include "math/histogram_type.h"

#include "fuzz.h"

static struct varlena *
make_value(const void *bytes, Size size)
{
	struct varlena *value = palloc(VARHDRSZ + size);

	memcpy(VARDATA(value), bytes, size);
	SET_VARSIZE(value, VARHDRSZ + size);
	return value;
}

static void
prove_same(const struct varlena *a, const struct varlena *b)
{
	FUZZ_PROVE(VARSIZE(a) == VARSIZE(b));
	FUZZ_PROVE(memcmp(a, b, VARSIZE(a)) == 0);
}

/* What is one is written in one way only, as bytes and as text. */
void
fuzz_decode(const uint8 *data, Size size)
{
	struct varlena *value;
	const Histogram *histogram;

	if (size == 0)
		return;
	if (data[0] % 2 == 0)
		value = make_value(data + 1, size - 1);
	else
		value = dbops_histogram_form(
		    dbops_histogram_parse(pnstrdup((const char *) data + 1, size - 1)));
	histogram = dbops_histogram_deform(value);
	prove_same(value, dbops_histogram_form(histogram));
	prove_same(value,
	           dbops_histogram_form(dbops_histogram_parse(dbops_histogram_print(histogram))));
	FUZZ_PROVE(!(dbops_histogram_quantile(histogram, 0.5) < 0));
	FUZZ_PROVE(!(dbops_histogram_stddev(histogram) < 0));
	FUZZ_PROVE(dbops_histogram_count(histogram) <= HISTOGRAM_MAX_COUNT);
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {
	    "{}",
	    "{0:1}",
	    "{511:9223372036854775807}",
	    " { 1 : 2 , 100:7,300:1 } ",
	    "{7:1, 3:200, 511:4, 0:128}",
	};

	for (int i = 0; i < lengthof(texts); i++)
	{
		const struct varlena *value = dbops_histogram_form(dbops_histogram_parse(texts[i]));
		Size size = VARSIZE(value) - VARHDRSZ;
		char *bytes = palloc(size + 1);

		fuzz_seed(psprintf("%c%s", 1, texts[i]), 1 + strlen(texts[i]));
		bytes[0] = 0;
		memcpy(bytes + 1, VARDATA(value), size);
		fuzz_seed(bytes, size + 1);
	}
}
