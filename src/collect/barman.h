/*
 * collect/barman.h
 *		What Barman prints with -f json: list-backups, show-backup and show-servers.
 */
#pragma once

#include "collect/tool_catalogue.h"
#include "core/json.h"

extern bool dbops_barman_recognise(const Json *root);
extern void dbops_barman_read(const Json *root, ToolCatalogue *catalogue);
