/*
 * store/label_words.c
 *		Labels as words; see label_words.h.
 */
#include "postgres.h"

#include "store/label_words.h"
#include "store/registry.h"

void
dbops_label_words_add(StringInfo words, const char *word)
{
	if (word == NULL || *word == '\0')
		return;
	if (words->len > 0)
		appendStringInfoChar(words, ' ');
	appendStringInfoString(words, word);
}

void
dbops_label_words_append(StringInfo words, const Label *label, int64 number, const char *given)
{
	switch (label->type)
	{
		case LABEL_OID:
		case LABEL_INT8:
			if (number != 0)
				dbops_label_words_add(words, psprintf("%lld", (long long) number));
			break;
		case LABEL_BOOL:
			if (number == 0)
				dbops_label_words_add(words, psprintf("not %s", label->name));
			break;
		case LABEL_SQLSTATE:
			dbops_label_words_add(words, unpack_sql_state((int) number));
			break;
		case LABEL_TEXT:
			dbops_label_words_add(words, given);
			break;
		case LABEL_WORD:
			dbops_label_words_add(words, dbops_word(label->words, number));
			break;
	}
}
