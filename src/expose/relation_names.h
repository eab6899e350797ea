/*
 * expose/relation_names.h
 *		The relations of all databases, as the dictionary has them, kept for a minute.
 *
 * A file of its own because whoever shows all of them every few seconds must not read the
 * dictionary row by row each time (store/names.h).  Like that, it asks for no rights on it.
 */
#pragma once

#define RELATION_NAMES_S 60

typedef struct RelationName
{
	Oid datid;
	Oid relid;
	Oid parentid; /* the table of an index or of a TOAST table */
	int parent;   /* its place; -1: none, or not known */
	bool users;   /* with a name, and neither the server's nor dbops' nor temporary */
	const char *kind;
	const char *schemaname;
	const char *relname;
} RelationName;

struct RelationSlot;

typedef struct RelationNames
{
	RelationName *names; /* those that are not dropped, by datid and relid */
	int count;

	/* Where they are found: each in the first slot from its hash on that was free. */
	struct RelationSlot *slots;
	uint32 mask; /* how many slots there are, a power of two, less 1 */
} RelationNames;

/* Good until the next call.  Needs a snapshot.  Empty where there is no dictionary. */
extern const RelationNames *dbops_relation_names(void);

/* The place of one of them; -1: not known. */
extern int dbops_relation_names_find(const RelationNames *names, Oid datid, Oid relid);
