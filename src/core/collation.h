/*
 * core/collation.h
 *		How a collation compares, as the catalogs tell.
 *
 * A file of its own because the server's own answer is behind a header that needs those of ICU,
 * which a machine that builds extensions need not have.
 */
#pragma once

#include "postgres.h"

/*
 * Whether texts of a collation are compared byte by byte, as C does; false for InvalidOid and for
 * what is not there.  Needs a transaction.
 */
extern bool dbops_collation_is_c(Oid collation);
