/*
 * collect/pgbackrest.h
 *		What `pgbackrest info --output=json` prints: an array of stanzas.
 */
#pragma once

#include "collect/tool_catalogue.h"
#include "core/json.h"

extern bool dbops_pgbackrest_recognise(const Json *root);
extern void dbops_pgbackrest_read(const Json *root, ToolCatalogue *catalogue);
