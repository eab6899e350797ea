/*
 * worker/sampler.h
 *		The sampler: the one static worker, which keeps time and never runs SQL.
 */
#pragma once

/* Registers the static worker; from _PG_init while preloading. */
extern void dbops_sampler_register(void);
