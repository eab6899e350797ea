/*
 * expose/exporter_statements.h
 *		Statements for Prometheus: those that take the most time.
 *
 * A file of its own because there are thousands of them: how many are shown is bounded, so what a
 * scrape costs is, too.
 */
#pragma once

#include "expose/exposition.h"
#include "store/names.h"

/*
 * At most so many of those that clients sent, by the time they have taken in all, as dbops counts
 * them; and how many there are.
 */
extern void dbops_exporter_statements(Exposition *exposition, Names *names, int most);
