/*
 * advise/key_spread.c
 *		How many rows share a key; see key_spread.h.
 *
 * Keys that are not among the common ones are taken to be equally likely, if chance explains the
 * common ones, too; or else to become rarer by a power of their rank.  The number of
 * keys that ANALYZE estimates is too low then, by half or more, as a sample hardly meets rare keys.
 * So the power is chosen such that ANALYZE, looking at as many rows, would have estimated just that
 * number (Haas and Stokes, estimator Duj1, as in compute_scalar_stats()).
 */
#include "postgres.h"

#include <math.h>

#include "advise/key_spread.h"

/* Common keys over those that chance would make so: below it they are told from the others. */
#define CHANCE 0.3
#define CHANCE_OF_FIRST 0.01

/* With fewer common keys nothing is concluded from them. */
#define FEW_COMMON 5

/* Ranks are taken in so many geometric steps. */
#define RANK_STEPS 40

/* How a number of keys is fitted, and when it is not. */
#define FIT_STEPS 30
#define FIT_OFF 0.05

/* Rows expected of keys that all occur once: small, so that they hardly ever occur twice. */
#define ONCE 1e-3

/* Above this mean a normal distribution serves as well as Poisson's. */
#define FEW_ROWS 40.0

/* Strata per factor of two, when they are combined. */
#define BINS_PER_OCTAVE 2.0

/* Keys that become rarer: the one of rank r is expected in top * (r / first) ^ -power rows. */
typedef struct Fall
{
	double first;
	double top;
	double last; /* rank of the rarest */
	double power;
} Fall;

/* ---- one column ---------------------------------------------------------------------------------
 */

static void
add_stratum(KeySpread *spread, double keys, double rows)
{
	if (spread->nstrata == KEY_STRATA || keys <= 0 || rows <= 0)
		return;
	spread->strata[spread->nstrata++] = (KeyStratum){.keys = keys, .rows = rows};
	spread->rows += keys * rows;
}

/* Rows expected of a key such that keys that occur have `mean` on average: x / (1 - exp(-x)). */
static double
expected_rows(double mean)
{
	double low = 0;
	double high = mean;

	if (mean > FEW_ROWS)
		return mean;
	for (int i = 0; i < 40; i++)
	{
		double middle = (low + high) / 2;

		if (middle / -expm1(-middle) > mean)
			high = middle;
		else
			low = middle;
	}
	return Max(high, ONCE);
}

/* The keys in a step of ranks, all alike. */
static KeyStratum
step_of(const Fall *fall, int step)
{
	double width = log(fall->last / fall->first) / RANK_STEPS;
	double from = fall->first * exp(width * step);
	double to = fall->first * exp(width * (step + 1));

	return (KeyStratum){.keys = to - from,
	                    .rows = fall->top * pow(sqrt(from * to) / fall->first, -fall->power)};
}

/* The last rank such that all keys together have that many rows. */
static double
last_rank(const Fall *fall, double rows)
{
	double share = rows / (fall->top * fall->first);
	double rest = 1 - fall->power;
	double limit = 1e4 * Max(rows, 1);

	if (fabs(rest) < 1e-6)
		return Min(fall->first * exp(Min(share, 50)), limit);
	if (1 + share * rest <= 0)
		return limit;
	return Min(fall->first * pow(1 + share * rest, 1 / rest), limit);
}

/* What ANALYZE would estimate for the number of keys, the common ones included. */
static double
estimate_keys(const Fall *fall, const KnownKeys *known)
{
	double sampled = known->estimated && known->sampled > 0 ? Min(known->sampled, 1) : 1;
	double looked_at = known->rows * sampled;
	double seen = fall->first;
	double once = 0;

	for (int i = 0; i < RANK_STEPS; i++)
	{
		KeyStratum step = step_of(fall, i);
		double rows = step.rows * sampled;

		seen += step.keys * -expm1(-rows);
		once += step.keys * rows * exp(-rows);
	}
	return looked_at * seen / Max(looked_at - once + once * sampled, 1);
}

/* The fall from the common keys on whose number of keys is right; any steeper one has too few rows.
 */
static Fall
fit_power(Fall fall, const KnownKeys *known, double rows)
{
	double low = 0;
	double high = 1 + 0.999 * fall.top * fall.first / rows;

	for (int i = 0; i < FIT_STEPS; i++)
	{
		fall.power = (low + high) / 2;
		fall.last = last_rank(&fall, rows);
		if (estimate_keys(&fall, known) > known->keys)
			high = fall.power;
		else
			low = fall.power;
	}
	return fall;
}

static void
add_even(KeySpread *spread, double keys, double rows)
{
	double each = expected_rows(rows / keys);

	add_stratum(spread, rows / each, each);
}

/* Where no fall has so many keys, there is a gap after the common ones, and the others are even. */
static void
add_falling(KeySpread *spread, const KnownKeys *known, Fall fall, double rows)
{
	Fall fit = fit_power(fall, known, rows);

	if (estimate_keys(&fit, known) < known->keys * (1 - FIT_OFF))
	{
		add_even(spread, known->keys - fall.first, rows);
		return;
	}
	for (int i = 0; i < RANK_STEPS; i++)
	{
		KeyStratum step = step_of(&fit, i);

		add_stratum(spread, step.keys, step.rows);
	}
}

/* The chance that Poisson's distribution gives at least that many. */
static double
chance_of(double mean, double least)
{
	double share = exp(-mean);
	double below = 0;

	if (mean > 100)
		return erfc((least - mean) / sqrt(2 * mean)) / 2;
	for (int i = 0; i < least; i++)
	{
		below += share;
		share *= mean / (i + 1);
	}
	return Max(1 - below, 0);
}

/*
 * Whether the common keys may be common in the sample by chance alone: so many of equally likely
 * keys would be met as often as the last of them, or nearly so many, and one as often as the first.
 */
static bool
is_even(const KnownKeys *known)
{
	double looked_at = known->of * (known->sampled > 0 ? Min(known->sampled, 1) : 1);
	double mean = known->rows / known->of * looked_at / known->keys;
	double most = rint(known->common[0] * looked_at);
	double least = rint(known->common[known->ncommon - 1] * looked_at);

	return known->keys * chance_of(mean, least) > CHANCE * known->ncommon &&
	       known->keys * chance_of(mean, most) > CHANCE_OF_FIRST;
}

void
dbops_key_spread_begin(KeySpread *spread, const KnownKeys *known)
{
	double left = known->rows;
	double top = 0;
	double keys;
	int ncommon = 0;
	bool even = known->ncommon == 0 || (known->keys > known->ncommon && is_even(known));

	spread->rows = 0;
	spread->nstrata = 0;
	/* A hundred of them is usual; of more, each second or third stands for its neighbours, too. */
	for (int step = 1 + known->ncommon / (KEY_STRATA - RANK_STEPS - 8);
	     !even && ncommon < known->ncommon && left >= 1; ncommon += step)
	{
		int alike = Min(step, known->ncommon - ncommon);

		top = Min(known->common[ncommon + alike / 2] * known->of, left / alike);
		add_stratum(spread, alike, top);
		left -= alike * top;
	}
	if (left < 1)
		return;
	ncommon = Min(ncommon, known->ncommon);
	keys = Min(known->keys - ncommon, left);
	if (keys < 1)
		add_stratum(spread, 1, left);
	else if (ncommon >= FEW_COMMON && top > left / keys)
		add_falling(spread, known, (Fall){.first = ncommon, .top = top}, left);
	else
		add_even(spread, keys, left);
}

void
dbops_key_spread_add(KeySpread *spread, double rows)
{
	add_stratum(spread, 1, rows);
}

/* ---- several columns ----------------------------------------------------------------------------
 */

/*
 * Two keys occur together with the product of their chances.  Products that are nearly the same
 * make one stratum.
 */
void
dbops_key_spread_combine(KeySpread *spread, const KeySpread *with)
{
	double rows = spread->rows;
	KeyStratum bins[KEY_STRATA] = {0};

	for (int i = 0; i < spread->nstrata; i++)
	{
		for (int j = 0; j < with->nstrata; j++)
		{
			double keys = spread->strata[i].keys * with->strata[j].keys;
			double each = spread->strata[i].rows * with->strata[j].rows / with->rows;
			int bin = (int) floor(log2(rows / each) * BINS_PER_OCTAVE);

			bin = Max(Min(bin, KEY_STRATA - 1), 0);
			bins[bin].keys += keys;
			bins[bin].rows += keys * each;
		}
	}
	spread->nstrata = 0;
	spread->rows = 0;
	for (int bin = 0; bin < KEY_STRATA; bin++)
	{
		if (bins[bin].keys > 0)
			add_stratum(spread, bins[bin].keys, bins[bin].rows / bins[bin].keys);
	}
}

double
dbops_key_spread_count(const KeySpread *spread)
{
	double count = 0;

	for (int i = 0; i < spread->nstrata; i++)
		count += spread->strata[i].keys * -expm1(-spread->strata[i].rows);
	return count;
}

/* ---- group by group -----------------------------------------------------------------------------
 */

static void
tell_few(const KeyStratum *stratum, KeyGroupTaker take, void *arg)
{
	double mean = stratum->rows;
	int most = (int) (mean + 8 * sqrt(mean) + 8);
	double share = exp(-mean);

	for (int rows = 1; rows <= most; rows++)
	{
		share *= mean / rows;
		take(arg, stratum->keys * share, rows);
	}
}

/* The middles of eight equal parts of a normal distribution. */
static const double normal_parts[] = {-1.534, -0.887, -0.489, -0.157, 0.157, 0.489, 0.887, 1.534};

static void
tell_many(const KeyStratum *stratum, KeyGroupTaker take, void *arg)
{
	double deviation = sqrt(stratum->rows);
	int parts = lengthof(normal_parts);

	for (int i = 0; i < parts; i++)
		take(arg, stratum->keys / parts, floor(stratum->rows + normal_parts[i] * deviation + 0.5));
}

void
dbops_key_spread_tell(const KeySpread *spread, KeyGroupTaker take, void *arg)
{
	for (int i = 0; i < spread->nstrata; i++)
	{
		if (spread->strata[i].rows < FEW_ROWS)
			tell_few(&spread->strata[i], take, arg);
		else
			tell_many(&spread->strata[i], take, arg);
	}
}
