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
	is_str(dbops_index_identity_of_advice("create", "CREATE INDEX CONCURRENTLY a ON s.t (x)"),
	       "s.t USING btree (x)", "advice to create is the index");
	is_str(dbops_index_identity_of_advice("drop", "DROP INDEX CONCURRENTLY s.\"a b\""),
	       "DROP INDEX s.\"a b\"", "advice to drop is that index");
	is_str(dbops_index_identity_of_advice("alter", "ALTER x"), "alter ALTER x",
	       "other advice is itself");
	return tap_done();
}
