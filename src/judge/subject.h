/*
 * judge/subject.h
 *		What a verdict is about, in words: the database and the object of an entity.
 *
 * A file of its own because limits are looked up by these words and people read them.
 */
#pragma once

#include "store/family.h"

struct Names;

typedef struct Subject
{
	const char *datname; /* NULL: of no database */
	const char *object;  /* "public.orders", "eth0", a queryid; NULL: there is one only */
	bool dropped;        /* it is known to be gone */
} Subject;

/* The database an entity belongs to, or InvalidOid. */
extern Oid dbops_subject_database(const Family *family, const EntityKey *key);

/* In the current context; needs an active snapshot. */
extern Subject dbops_subject_find(struct Names *names, const Family *family, const EntityKey *key,
                                  const char *texts);
