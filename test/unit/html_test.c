/*
 * test/unit/html_test.c
 *		Text into a page: what has a meaning there is escaped, nothing but ASCII comes out, and bytes
 *		that are no text do no harm.
 *
 * sources: src/expose/html.c
 */
#include "postgres.h"

#include "expose/html.h"

#include "tap.h"

typedef struct Case
{
	const char *words;
	const char *written;
} Case;

static const Case cases[] = {
    {"", ""},
    {"SELECT 1", "SELECT 1"},
    {"<script>alert(\"x\" & 'y')</script>",
     "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;"},
    {"a\tb\nc\rd", "a\tb\nc\rd"},
    {"\x01\x1f\x7f", "&#65533;&#65533;&#65533;"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x98", "&#228;&#8364;&#128024;"},
    {"\xf4\x8f\xbf\xbf", "&#1114111;"},
    {"\xc2\x80", "&#65533;"},                                 /* a control character */
    {"\xff", "&#65533;"},                                     /* begins nothing */
    {"\x80<", "&#65533;&lt;"},                                /* goes on with nothing */
    {"\xc3", "&#65533;"},                                     /* ends too early */
    {"\xc3<b>", "&#65533;&lt;b&gt;"},                         /* hides no bracket */
    {"\xe2\x82<", "&#65533;&#65533;&lt;"},                    /* nor does a longer one */
    {"\xc0\xbc", "&#65533;&#65533;"},                         /* "<", longer than it must be */
    {"\xe0\x80\xbc", "&#65533;&#65533;&#65533;"},             /* longer still */
    {"\xed\xa0\x80", "&#65533;&#65533;&#65533;"},             /* half of a pair */
    {"\xf4\x90\x80\x80", "&#65533;&#65533;&#65533;&#65533;"}, /* beyond the last letter */
    {"\xe4\xf6\xfc", "&#65533;&#65533;&#65533;"},             /* LATIN1 */
};

static void
test_text(void)
{
	for (int i = 0; i < lengthof(cases); i++)
	{
		StringInfoData page;

		initStringInfo(&page);
		dbops_html_text(&page, cases[i].words);
		ok(strcmp(page.data, cases[i].written) == 0, "text %d: %s", i, page.data);
	}
}

static void
test_clipped(void)
{
	static const struct
	{
		int limit;
		const char *written;
	} clips[] = {
	    {0, "&#8230;"}, {1, "&#228;&#8230;"}, {2, "&#228;&lt;&#8230;"}, {3, "&#228;&lt;b"}};

	for (int i = 0; i < lengthof(clips); i++)
	{
		StringInfoData page;

		initStringInfo(&page);
		dbops_html_clipped(&page, "\xc3\xa4<b", clips[i].limit);
		ok(strcmp(page.data, clips[i].written) == 0, "clipped at %d: %s", clips[i].limit,
		   page.data);
	}
}

int
main(void)
{
	test_text();
	test_clipped();
	return tap_done();
}
