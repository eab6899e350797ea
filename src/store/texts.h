/*
 * store/texts.h
 *		The texts of an entity: one for each of its family's text labels, in the order of the labels.
 *
 * They are kept as one run of C strings, each behind the zero byte of the one before, so that an
 * entity has a single pointer to them, and that of a family with one text label is simply a string.
 */
#pragma once

/* The text that has `n` others before it. */
static inline const char *
dbops_texts_at(const char *texts, int n)
{
	while (n-- > 0)
		texts += strlen(texts) + 1;
	return texts;
}

/* Bytes of a run of `ntexts`. */
static inline Size
dbops_texts_size(const char *texts, int ntexts)
{
	return (Size) (dbops_texts_at(texts, ntexts) - texts);
}
