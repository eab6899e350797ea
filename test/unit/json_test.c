/*
 * test/unit/json_test.c
 *		JSON as a tree: what is asked by name, and what is refused.
 *
 * sources: src/core/json.c
 */
#include "postgres.h"

#include "core/json.h"

#include "tap.h"

static Json *
read_json(const char *words)
{
	return dbops_json_read(words, strlen(words), "a test");
}

static void
test_members(void)
{
	Json *json =
	    read_json("{\"n\": -7, \"t\": \"a\\u00e4\\n\", \"b\": true, \"z\": null,"
	              " \"a\": [1, {\"x\": 2}], \"n\": 8, \"f\": 1.5, \"h\": 99999999999999999999}");
	const Json *array = dbops_json_member(json, "a", JSON_ARRAY);

	is_int(dbops_json_integer(json, "n", 0), 8, "of two members of a name the last counts");
	is_str(dbops_json_text(json, "t"), "a\xc3\xa4\n", "escapes are taken out of a text");
	ok(dbops_json_boolean(json, "b", false), "a boolean is read");
	ok(dbops_json_boolean(json, "none", true), "a member that is not there is what is said");
	is_int(dbops_json_integer(json, "z", 3), 3, "null is like not there");
	ok(dbops_json_text(json, "none") == NULL, "a text that is not there is none");
	ok(dbops_json_member(NULL, "x", JSON_TEXT) == NULL, "what is not there has no members");
	is_str(array->first->words, "1", "an array begins with its first value");
	is_int(dbops_json_integer(array->first->next, "x", 0), 2, "and goes on with the next");
	is_str(dbops_json_path(array->first->next->first), ".a[1].x", "a value knows where it stands");
	is_str(dbops_json_path(json), "the whole", "the whole stands nowhere");
	expect_error(ERRCODE_INVALID_JSON_TEXT, "a number is no text", dbops_json_text(json, "n"));
	is_str(stub_last_error()->message, "JSON has a number where a text is expected: .n",
	       "the error says what is where");
	expect_error(ERRCODE_INVALID_JSON_TEXT, "a fraction is no whole number",
	             dbops_json_integer(json, "f", 0));
	expect_error(ERRCODE_INVALID_JSON_TEXT, "nor is one that does not fit",
	             dbops_json_integer(json, "h", 0));
	expect_error(ERRCODE_INVALID_JSON_TEXT, "an array has no members",
	             dbops_json_member(array, "x", JSON_TEXT));
}

static void
test_whole_values(void)
{
	is_int(read_json("[]")->kind, JSON_ARRAY, "an empty array");
	is_int(read_json(" {} ")->kind, JSON_OBJECT, "an empty object");
	is_int(read_json("\"x\"")->kind, JSON_TEXT, "a text alone");
	is_int(read_json("null")->kind, JSON_NULL, "null alone");
}

static void
test_refused(void)
{
	static const char *const broken[] = {
	    "",         " ",      "{",           "[1,",         "{\"a\":}",   "{\"a\" 1}", "[1] 2",
	    "nonsense", "\"open", "\"\\u0000\"", "\"\\ud800\"", "[\"\x01\"]", "{a: 1}",    "ERROR: no",
	};
	char deep[2000];

	for (int i = 0; i < lengthof(broken); i++)
		expect_error(ERRCODE_INVALID_JSON_TEXT, broken[i][0] ? broken[i] : "nothing",
		             read_json(broken[i]));
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	expect_error(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "nesting is limited", read_json(deep));
	deep[60] = '\0';
	expect_error(ERRCODE_INVALID_JSON_TEXT, "what is within the limit is read to its end",
	             read_json(deep));
	expect_error(ERRCODE_INVALID_JSON_TEXT, "a text that is cut is refused",
	             dbops_json_read("[1, 2, 3]", 6, "a test"));
}

static void
test_size(void)
{
	Size size = 2 * 500001 + 1;
	char *many = palloc(size);

	for (Size i = 0; i < size; i += 2)
	{
		many[i] = '0';
		if (i + 1 < size)
			many[i + 1] = ',';
	}
	many[0] = '[';
	many[size - 1] = ']';
	many[1] = ' ';
	expect_error(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the number of values is limited",
	             dbops_json_read(many, size, "a test"));
}

int
main(void)
{
	test_members();
	test_whole_values();
	test_refused();
	test_size();
	return tap_done();
}
