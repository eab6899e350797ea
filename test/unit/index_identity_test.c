/*
 * test/unit/index_identity_test.c
 *		What makes two indexes the same, whatever their names.
 *
 * sources: src/advise/index_identity.c
 */
#include "postgres.h"

#include "advise/index_identity.h"
#include "tap.h"

static const struct
{
	const char *definition;
	const char *identity;
	const char *fact;
} of[] = {
    {"CREATE INDEX a ON public.t USING btree (x)", "public.t USING btree (x)",
     "as the server shows it"},
    {"CREATE INDEX ON public.t (x)", "public.t USING btree (x)", "without a name and a method"},
    {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"a ON b\" ON ONLY public.t (x, y DESC)",
     "public.t USING btree (x, y DESC)", "with all that makes no difference"},
    {"CREATE INDEX a ON \"odd (\"\"schema\".\"t t\" USING gin (x)",
     "\"odd (\"\"schema\".\"t t\" USING gin (x)", "quoted names"},
    {"CREATE INDEX a ON s.t USING btree (lower(x), ((a + b)), c COLLATE \"C\" text_pattern_ops)",
     "s.t USING btree (lower(x), (a + b), c COLLATE \"C\" text_pattern_ops)",
     "expressions as the server shows them"},
    {"CREATE INDEX a ON s.t ((lower(x)), ((a + b)) DESC)",
     "s.t USING btree (lower(x), (a + b) DESC)", "calls in parentheses"},
    {"CREATE INDEX a ON s.t (x) INCLUDE (y, z) WHERE (x > 1)",
     "s.t USING btree (x) INCLUDE (y, z) WHERE x > 1", "a predicate in parentheses"},
    {"CREATE INDEX a ON s.t (x) INCLUDE (y, z) WITH (fillfactor='70') TABLESPACE \"big one\" WHERE x > "
     "1; DROP INDEX b",
     "s.t USING btree (x) INCLUDE (y, z) WHERE x > 1", "options and further commands"},
    {"CREATE UNIQUE INDEX a ON s.t USING btree (x) NULLS NOT DISTINCT WITH (fillfactor='70')",
     "s.t USING btree (x)", "equal NULLs"},
    {"CREATE INDEX a ON s.t (x) WHERE ((x > 1) AND (y = 'it''s; (no'::text))",
     "s.t USING btree (x) WHERE (x > 1) AND (y = 'it''s; (no'::text)", "literals"},
    {"CREATE INDEX a ON s.t ((x || ', )'::text), y)", "s.t USING btree (x || ', )'::text, y)",
     "a literal with a comma and a parenthesis"},
    {"CREATE INDEX a ON s.t (f(x, (1 + 2)), y)", "s.t USING btree (f(x, (1 + 2)), y)",
     "commas within a call"},
    {"CREATE INDEX a ON s.t USING", NULL, "an end in the middle is none"},
    {"CREATE INDEX", NULL, "nor is that"},
    {"CREATE INDEX a", NULL, "nor a name alone"},
    {"CREATE TABLE s.t (x int)", NULL, "nor another command"},
    {"", NULL, "nor nothing"},
    {"CREATE INDEX a ON s.t (x, (y", "s.t USING btree (x, (y)", "what is cut does no harm"},
    {"CREATE INDEX a ON s.t (x) WITH (", "s.t USING btree (x)", "anywhere"},
    {"CREATE INDEX a ON s.t (x) WHERE 'y", "s.t USING btree (x) WHERE 'y",
     "not in a literal either"},
};

#define ADVISED "s.t USING btree (a, b DESC) INCLUDE (c) WHERE (x > 1) AND (y = 'a AND b'::text)"
#define PLAIN "s.t USING btree (a, b)"

static const struct
{
	const char *built;
	const char *advised;
	bool serves;
	const char *fact;
} serves[] = {
    {ADVISED, ADVISED, true, "itself"},
    {"s.t USING btree (a, b DESC) INCLUDE (d, c)", ADVISED, true, "more columns, all rows"},
    {"s.t USING btree (a, b DESC, c)", ADVISED, true, "what is covered is a key"},
    {"s.t USING btree (a, b DESC, c DESC NULLS LAST)", ADVISED, true, "in any direction"},
    {"s.t USING btree (a, b DESC)", ADVISED, false, "not without the column"},
    {"s.t USING btree (a, b DESC) INCLUDE (c) WHERE y = 'a AND b'::text", ADVISED, true,
     "fewer conditions"},
    {"s.t USING btree (a, b DESC) INCLUDE (c) WHERE (y = 'a AND b'::text) AND (x > 1)", ADVISED,
     true, "conditions in another order"},
    {"s.t USING btree (a, b DESC) INCLUDE (c) WHERE x > 2", ADVISED, false, "another condition"},
    {"s.t USING btree (a, b DESC) INCLUDE (c) WHERE (x > 1) AND (z > 1)", ADVISED, false,
     "one condition more"},
    {"s.t USING btree (a DESC, b) INCLUDE (c)", ADVISED, true, "all the other way round"},
    {"s.t USING btree (a DESC, b DESC) INCLUDE (c)", ADVISED, false, "a part the other way round"},
    {"s.t USING btree (a NULLS FIRST, b DESC) INCLUDE (c)", ADVISED, false, "NULLs elsewhere"},
    {"s.t USING btree (a DESC NULLS LAST, b) INCLUDE (c)", ADVISED, false, "even so"},
    {"s.t USING btree (a DESC NULLS LAST, b NULLS FIRST)",
     "s.t USING btree (a NULLS FIRST, b DESC NULLS LAST)", true, "NULLs the other way round"},
    {"s.t USING btree (a, b, c)", PLAIN, true, "more keys"},
    {"s.t USING btree (b, a)", PLAIN, false, "keys in another order"},
    {"s.t USING btree (a)", PLAIN, false, "fewer keys"},
    {"s.t USING btree (a) INCLUDE (b)", PLAIN, false, "a key that is only covered"},
    {"s.t USING btree (a, b) WHERE x > 1", PLAIN, false, "a condition that nobody asked for"},
    {"s.u USING btree (a, b)", PLAIN, false, "another table"},
    {"s.t USING brin (a, b)", PLAIN, false, "another method"},
    {"s.t USING btree (a COLLATE \"C\", b)", PLAIN, false, "another collation"},
    {"s.t USING btree (a text_pattern_ops, b)", PLAIN, false, "another operator class"},
    {"s.t USING gin (a, b)", "s.t USING gin (a, b)", true, "the same of another method"},
    {"s.t USING gin (a, b)", "s.t USING gin (a)", false, "more keys of another method"},
    {"s.t USING btree (f(a, b), c)", "s.t USING btree (f(a, b))", true, "an expression"},
    {"s.t USING btree (f(a, c))", "s.t USING btree (f(a, b))", false, "another expression"},
    {"s.t USING btree (a, b", PLAIN, true, "what is cut does no harm"},
    {"DROP INDEX s.i", "DROP INDEX s.i", false, "no index serves what is no index"},
    {"", "", false, "nor nothing"},
};

int
main(void)
{
	for (int i = 0; i < lengthof(of); i++)
	{
		const char *got = dbops_index_identity_of(of[i].definition);

		if (of[i].identity == NULL)
			ok(got == NULL, "%s", of[i].fact);
		else
			is_str(got, of[i].identity, "%s", of[i].fact);
	}
	for (int i = 0; i < lengthof(serves); i++)
		ok(dbops_index_identity_serves(serves[i].built, serves[i].advised) == serves[i].serves,
		   "serves: %s", serves[i].fact);
	is_str(dbops_index_identity_of_advice("create", "CREATE INDEX CONCURRENTLY a ON s.t (x)"),
	       "s.t USING btree (x)", "advice to create is the index");
	is_str(dbops_index_identity_of_advice("drop", "DROP INDEX CONCURRENTLY s.\"a b\""),
	       "DROP INDEX s.\"a b\"", "advice to drop is that index");
	is_str(dbops_index_identity_of_advice("alter", "ALTER x"), "alter ALTER x",
	       "other advice is itself");
	return tap_done();
}
