/* provisional: replaced by the module of that name */
#pragma once
#include "utils/relcache.h"
#include "advise/index_size.h"
#include "advise/index_spec.h"
extern IndexSize dbops_size_of_spec(const IndexSpec *spec, Relation table);
extern IndexSize dbops_size_of_index(Oid indexid);
