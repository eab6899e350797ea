/*
 * judge/subject.c
 *		Naming what a verdict is about; see subject.h.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "judge/subject.h"
#include "store/label_words.h"
#include "store/names.h"
#include "store/texts.h"

static int
database_label(const Family *family)
{
	for (int i = 0; i < family->nlabels; i++)
	{
		if (family->labels[i].names == NAMES_DATABASE)
			return i;
	}
	return -1;
}

Oid
dbops_subject_database(const Family *family, const EntityKey *key)
{
	int label = database_label(family);

	return label < 0 ? InvalidOid : (Oid) key->num[label];
}

/* What is being named. */
typedef struct Naming
{
	Names *names;
	StringInfoData object;
	bool dropped;
} Naming;

static void
add_name(Naming *naming, NameClass class, Oid datid, int64 number)
{
	const EntityName *name = dbops_names_lookup(naming->names, class, datid, number);

	if (name->objname == NULL)
		dbops_label_words_add(&naming->object, psprintf("OID %lld", (long long) number));
	else if (name->schemaname == NULL)
		dbops_label_words_add(&naming->object, name->objname);
	else
		dbops_label_words_add(&naming->object,
		                      quote_qualified_identifier(name->schemaname, name->objname));
	naming->dropped = naming->dropped || name->dropped;
}

static void
add_label(Naming *naming, const Label *label, const int64 *num, const char *word)
{
	switch (label->names)
	{
		case NAMES_DATABASE:
			break;
		case NAMES_RELATION:
			add_name(naming, NAME_RELATION, (Oid) num[-1], *num);
			break;
		case NAMES_FUNCTION:
			add_name(naming, NAME_FUNCTION, (Oid) num[-1], *num);
			break;
		case NAMES_ROLE:
			if (*num != 0)
				add_name(naming, NAME_ROLE, InvalidOid, *num);
			break;
		case NAMES_NONE:
			dbops_label_words_append(&naming->object, label, *num, word);
			break;
	}
}

/* Names and texts say most, and come before numbers and words of a list. */
static bool
says_most(const Label *label)
{
	return label->names != NAMES_NONE || label->type == LABEL_TEXT;
}

static void
add_labels(Naming *naming, const Family *family, const EntityKey *key, const char *texts, bool most)
{
	int ntext = 0;
	EntityKey named = *key;

	if (family->slot != NULL)
		family->slot(&named);
	for (int i = 0; i < family->nlabels; i++)
	{
		const Label *label = &family->labels[i];
		const char *word =
		    label->type == LABEL_TEXT && texts != NULL ? dbops_texts_at(texts, ntext++) : NULL;

		if (says_most(label) == most && named.num[i] == key->num[i])
			add_label(naming, label, &key->num[i], word);
	}
}

Subject
dbops_subject_find(Names *names, const Family *family, const EntityKey *key, const char *texts)
{
	Oid datid = dbops_subject_database(family, key);
	Naming naming = {.names = names};
	Subject subject = {0};

	initStringInfo(&naming.object);
	add_labels(&naming, family, key, texts, true);
	add_labels(&naming, family, key, texts, false);
	if (OidIsValid(datid))
		subject.datname = dbops_names_lookup(names, NAME_DATABASE, InvalidOid, datid)->objname;
	if (naming.object.len > 0)
		subject.object = naming.object.data;
	subject.dropped = naming.dropped;
	return subject;
}
