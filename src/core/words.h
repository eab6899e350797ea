/*
 * core/words.h
 *		A setting that names programs, split into their arguments by a rule of our own.
 *
 * No shell ever sees such a setting, so nothing in it is expanded, substituted or run.  The rule:
 * white space separates words; what stands between two " or two ' is taken as it is, white space
 * and the other quote included; a ; outside quotes ends a program's arguments.  There is no escape
 * character.
 */
#pragma once

#include "postgres.h"

typedef enum WordsMark
{
	WORDS_WORD,         /* a word was read */
	WORDS_END_OF_GROUP, /* a ; was read */
	WORDS_END,          /* nothing is left */
	WORDS_OPEN_QUOTE,   /* the text ends within quotes */
} WordsMark;

/* Words of a program, its name first; ended by a NULL, as execvp() wants it. */
typedef struct WordsGroup
{
	char **words;
	int count;
} WordsGroup;

/*
 * Reads on from *list and moves it.  A word is written to `word`, which must have room for all of
 * the text and its end.  Allocates nothing: for settings, too.
 */
extern WordsMark dbops_words_next(const char **list, char *word);

/*
 * All groups that are not empty, allocated here.  A text that ends within quotes, which the check
 * of a setting does not let in, is an error.
 */
extern WordsGroup *dbops_words_split(const char *list, int *count);
