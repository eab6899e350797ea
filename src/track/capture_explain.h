/*
 * track/capture_explain.h
 *		Statements to paste that show the plan of what was captured.
 */
#pragma once

#include "track/captures.h"

/*
 * A script for psql, in the current context; NULL where EXPLAIN does not apply, or would not plan
 * what ran.  `rolname` is the statement's role, which "$user" in the search_path stands for; may
 * be NULL.
 */
extern char *dbops_capture_explain(const Capture *capture, const char *rolname);

/* The name of a parameter's type; "unknown" if it cannot be named here. */
extern const char *dbops_capture_type_name(const Capture *capture, Oid type);
