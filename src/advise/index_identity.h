/*
 * advise/index_identity.h
 *		What makes two indexes the same, whatever their names: a text made of CREATE INDEX; and
 *		what makes one as good as another.
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

/*
 * Whether an index that is there serves all that an advised one would, by the identities of both:
 * it has the same table and method, the same keys first, all of them in the same direction or all
 * in the other, with the same operator classes and collations; every covered column; and every row,
 * that is, no condition but those of the other.  It may have more keys if it is a B-tree, and more
 * columns.  What only a theorem prover could tell counts as no.
 */
extern bool dbops_index_identity_serves(const char *built, const char *advised);
