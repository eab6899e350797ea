/*
 * expose/exporter_errors.h
 *		Errors by the names that public alerting rules have for them.
 *
 * A file of its own because those rules count what others read from the server's log, by words of
 * their own; dbops counts the same at its source.
 */
#pragma once

#include "expose/exposition.h"

/* Each type from the start on, so that an increase from 0 is one. */
extern void dbops_exporter_errors(Exposition *exposition);
