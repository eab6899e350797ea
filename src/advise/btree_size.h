/*
 * advise/btree_size.h
 *		How large a B-tree would be.
 *
 * A file of its own because it is the one access method with several levels, whose tuples hold
 * many rows where keys are equal.
 */
#pragma once

#include "advise/index_size.h"

extern IndexSize dbops_btree_size(const SizeFacts *facts);
