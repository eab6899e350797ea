/*
 * core/words.c
 *		A setting that names programs, split into their arguments; see words.h.
 */
#include "postgres.h"

#include "core/words.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

WordsMark
dbops_words_next(const char **list, char *word)
{
	const char *at = *list;
	char quote = '\0';
	char *end = word;

	while (is_blank(*at))
		at++;
	*list = at;
	if (*at == '\0')
		return WORDS_END;
	if (*at == ';')
	{
		*list = at + 1;
		return WORDS_END_OF_GROUP;
	}
	for (; *at != '\0' && (quote != '\0' || (!is_blank(*at) && *at != ';')); at++)
	{
		if (quote == '\0' && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote != '\0' && *at == quote)
			quote = '\0';
		else
			*end++ = *at;
	}
	*end = '\0';
	*list = at;
	return quote == '\0' ? WORDS_WORD : WORDS_OPEN_QUOTE;
}

WordsGroup *
dbops_words_split(const char *list, int *count)
{
	Size length = strlen(list);
	char *word = palloc(length + 1);
	/* A word takes a character and what separates it another, and so do groups. */
	WordsGroup *groups = palloc0(sizeof(WordsGroup) * (length / 2 + 1));
	int n = 0;
	WordsMark mark;

	while ((mark = dbops_words_next(&list, word)) != WORDS_END)
	{
		WordsGroup *group = &groups[n];

		if (mark == WORDS_OPEN_QUOTE)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("list of programs ends within quotes")));
		if (mark == WORDS_WORD)
		{
			if (group->words == NULL)
				group->words = palloc(sizeof(char *) * (strlen(list) / 2 + 3));
			group->words[group->count++] = pstrdup(word);
			group->words[group->count] = NULL;
		}
		else if (group->count > 0)
			n++;
	}
	*count = n + (groups[n].count > 0);
	return groups;
}
