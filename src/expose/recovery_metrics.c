/*
 * expose/recovery_metrics.c
 *		What would be lost, for Prometheus; see recovery_metrics.h.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "core/spi.h"
#include "expose/recovery_metrics.h"

static const char query[] = "SELECT failure, rpo_seconds, rpo_bytes::float8, rto_seconds\n"
                            "FROM dbops.recovery\n"
                            "ORDER BY failure";

/* Column 0 is the label, those of the others the values. */
static const struct
{
	const char *name;
	const char *help;
} metrics[] = {
    {"dbops_recovery_rpo_seconds",
     "Age of the first commit that would be lost with a failure of that kind; 0: none"},
    {"dbops_recovery_rpo_bytes", "WAL that would be lost with a failure of that kind"},
    {"dbops_recovery_rto_seconds",
     "Time that it would take to be back after a failure of that kind"},
};

void
dbops_recovery_metrics(Exposition *exposition)
{
	static SpiPlan kept = NULL;
	const SpiRows *rows = dbops_spi_query_kept(query, &kept);

	for (int i = 0; i < lengthof(metrics); i++)
	{
		bool begun = false;

		for (uint64 row = 0; row < rows->nrows; row++)
		{
			StringInfoData labels;
			bool unknown;
			Datum value = dbops_spi_cell(rows, row, i + 1, &unknown);
			bool isnull;

			if (unknown)
				continue;
			if (!begun)
				dbops_exposition_metric(exposition, metrics[i].name, EXPOSED_GAUGE,
				                        metrics[i].help);
			begun = true;
			initStringInfo(&labels);
			dbops_exposition_label(&labels, "failure",
			                       TextDatumGetCString(dbops_spi_cell(rows, row, 0, &isnull)));
			dbops_exposition_number(exposition, &labels, DatumGetFloat8(value));
		}
	}
}
