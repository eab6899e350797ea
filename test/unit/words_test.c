/*
 * test/unit/words_test.c
 *		Programs and their arguments: blanks, quotes, several programs, and what is no list.
 *
 * sources: src/core/words.c
 */
#include "postgres.h"

#include "core/words.h"

#include "tap.h"

typedef struct Case
{
	const char *list;
	const char *words; /* words in brackets, programs by a bar */
	const char *name;
} Case;

static const Case cases[] = {
    {"", "", "nothing is no program"},
    {" \t\n ", "", "blanks are no program"},
    {";; ;", "", "separators are no program"},
    {"a", "[a]", "a word is a program"},
    {"  pgbackrest\t--stanza=main  info\n", "[pgbackrest][--stanza=main][info]",
     "blanks of any kind separate words"},
    {"a b; c", "[a][b]|[c]", "a semicolon separates programs"},
    {"a b;c;", "[a][b]|[c]", "it needs no blanks, and may end the list"},
    {"a;b;c;d", "[a]|[b]|[c]|[d]", "programs of one letter"},
    {"a \"b c\" 'd;e'", "[a][b c][d;e]", "quotes keep blanks and semicolons"},
    {"a --x=\"b c\"d", "[a][--x=b cd]", "quotes may begin and end within a word"},
    {"a \"it's\" 'a \"b\"'", "[a][it's][a \"b\"]", "a quote is a letter within the other ones"},
    {"a \"\" ''", "[a][][]", "empty quotes are an empty word"},
    {"a $HOME `id` $(id) * ~ | > x & \\n", "[a][$HOME][`id`][$(id)][*][~][|][>][x][&][\\n]",
     "nothing that a shell would do is done"},
    {"\xc3\xa4 \"\xc3\xb6 \xc3\xbc\"", "[\xc3\xa4][\xc3\xb6 \xc3\xbc]", "letters of several bytes"},
};

static const char *
show(const char *list)
{
	static char shown[1024];
	int count;
	WordsGroup *groups = dbops_words_split(list, &count);

	shown[0] = '\0';
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			strlcat(shown, "|", sizeof(shown));
		for (int w = 0; w < groups[i].count; w++)
		{
			strlcat(shown, "[", sizeof(shown));
			strlcat(shown, groups[i].words[w], sizeof(shown));
			strlcat(shown, "]", sizeof(shown));
		}
		if (groups[i].words[groups[i].count] != NULL)
			strlcat(shown, "not ended", sizeof(shown));
	}
	return shown;
}

int
main(void)
{
	for (int i = 0; i < lengthof(cases); i++)
		is_str(show(cases[i].list), cases[i].words, "%s", cases[i].name);
	expect_error(ERRCODE_INVALID_PARAMETER_VALUE, "a quote that is not closed is an error",
	             dbops_words_split("a \"b; c", &(int){0}));
	expect_error(ERRCODE_INVALID_PARAMETER_VALUE, "also when it is the last letter",
	             dbops_words_split("a '", &(int){0}));
	return tap_done();
}
