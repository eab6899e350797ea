/*
 * advise/gin_size.h
 *		How large a GIN index would be.
 *
 * A file of its own because nothing in it is like another access method: a tree of keys, each with
 * a compressed list of rows or a tree of such lists.
 */
#pragma once

#include "advise/index_size.h"

extern IndexSize dbops_gin_size(const SizeFacts *facts);
