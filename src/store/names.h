/*
 * store/names.h
 *		Names behind the numbers of labels: databases, roles, relations, functions.
 *
 * A file of its own because names come from two places, the catalogs of the moment and the
 * dictionary dbops.object, which alone knows what was dropped and what lives in other databases.
 * The dictionary is read by its index under the active snapshot, without asking the caller's rights
 * on it: whoever may read a history may read the names in it.
 */
#pragma once

typedef struct Names Names;

/* A name space of dbops.object. */
typedef enum NameClass
{
	NAME_DATABASE = 'd',
	NAME_ROLE = 'u',
	NAME_RELATION = 'r',
	NAME_FUNCTION = 'f',
} NameClass;

/* NULL stands for unknown. */
typedef struct EntityName
{
	const char *schemaname; /* of a relation or function */
	const char *objname;
	bool dropped; /* it was found missing: the name is what it had */
} EntityName;

/* A cache of names, in a child of the current context. */
extern Names *dbops_names_create(void);

/*
 * The name of an object; `datid` is the database of a relation or function and ignored otherwise.
 * Good as long as the cache.  Needs an active snapshot.
 */
extern const EntityName *dbops_names_lookup(Names *names, NameClass class, Oid datid, int64 objid);
