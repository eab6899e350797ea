/*
 * advise/left_out.h
 *		Why a statement cannot be advised on, in words.
 *
 * A file of its own because several modules leave statements out, and whoever reads the reasons
 * wants to meet each of them under one name.  What analysis itself refuses says so in PostgreSQL's
 * words.
 */
#pragma once

typedef enum LeftOut
{
	LEFT_OUT_NOT_CAPTURED,
	LEFT_OUT_CUT,        /* n: bytes of it that are there */
	LEFT_OUT_PARAMETERS, /* n: as many are known */
	LEFT_OUT_HIDDEN,
	LEFT_OUT_NOT_LOOKED_AT,
	LEFT_OUT_COUNT
} LeftOut;

/* The phrase, palloc'd; `n` is the number in it, if it has one. */
extern const char *dbops_left_out_phrase(LeftOut reason, int n);
