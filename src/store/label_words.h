/*
 * store/label_words.h
 *		Labels of an entity as words, one behind the other: "orders_pkey 23505".
 *
 * A file of its own because verdicts are named by them, when they are judged and in the history.
 */
#pragma once

#include "lib/stringinfo.h"

#include "store/family.h"

/* Appends a word, behind a space if there is one before; NULL and an empty one add nothing. */
extern void dbops_label_words_add(StringInfo words, const char *word);

/*
 * Appends a label that no name stands for; `given` is that of a text label.  0 adds nothing, as it
 * means none, but for a flag.
 */
extern void
dbops_label_words_append(StringInfo words, const Label *label, int64 number, const char *given);
