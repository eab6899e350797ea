/*
 * advise/index_identity.h
 *		What makes two indexes the same, whatever their names: a text made of CREATE INDEX.
 *
 * A file of its own because advice is kept where the indexes are not: there is nothing to compare
 * but what CREATE INDEX and pg_get_indexdef() say.  What does not change which statements an index
 * serves is left out: its name, UNIQUE, CONCURRENTLY, storage parameters, the tablespace.
 */
#pragma once

/*
 * "public.orders USING btree (user_id, lower(name) DESC) INCLUDE (total) WHERE ..." of the CREATE
 * INDEX that the text begins with; NULL if it begins with something else.  Palloc'd.
 */
extern char *dbops_index_identity_of(const char *definition);

/* The same for advice, which may be to drop: "DROP INDEX public.orders_user_id_idx". */
extern char *dbops_index_identity_of_advice(const char *action, const char *ddl);
