/*
 * advise/left_out.c
 *		Why a statement cannot be advised on; see left_out.h.
 */
#include "postgres.h"

#include "advise/left_out.h"

/* At most one %d each. */
static const char *const phrases[LEFT_OUT_COUNT] = {
    [LEFT_OUT_NOT_CAPTURED] = "not captured yet",
    [LEFT_OUT_CUT] = "text was cut at %d bytes",
    [LEFT_OUT_PARAMETERS] = "more than %d parameters",
    [LEFT_OUT_HIDDEN] = "text is for members of pg_read_all_stats",
    [LEFT_OUT_NOT_LOOKED_AT] = "not among the dearest that were looked at",
};

const char *
dbops_left_out_phrase(LeftOut reason, int n)
{
	return psprintf(phrases[reason], n);
}
