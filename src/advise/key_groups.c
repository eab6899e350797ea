/*
 * advise/key_groups.c
 *		How many rows share a key.
 *
 * What is not known of each key is taken to be spread at random around the average (Poisson, of
 * keys that occur at all); or, where the common keys are far above that average, to go on falling by
 * a power of the rank, such that the sum is right.
 */
#include "postgres.h"

#include <math.h>

#include "advise/key_groups.h"

/* The least common of the common keys over the average of the others: above it they fall. */
#define SKEW 2.0

/* Ranks are taken in so many geometric steps. */
#define RANK_STEPS 32

/* Above this mean a normal distribution serves as well as Poisson's. */
#define FEW 40.0

/* The middles of eight equal parts of a normal distribution. */
static const double normal_parts[] = {-1.534, -0.887, -0.489, -0.157, 0.157, 0.489, 0.887, 1.534};

typedef struct Fall
{
	double first; /* rank of the last common key */
	double keys;  /* last rank */
	double top;   /* rows of the last common key */
} Fall;

static void
take_few(double keys, double mean, KeyGroupTaker take, void *arg)
{
	double lambda = mean;
	int most = (int) (mean + 8 * sqrt(mean) + 8);
	double share;

	for (int i = 0; i < 60; i++)
		lambda = mean * (1 - exp(-lambda));
	if (lambda < 1e-6)
	{
		take(arg, keys, 1);
		return;
	}
	share = lambda * exp(-lambda) / (1 - exp(-lambda));
	for (int rows = 1; rows <= most; rows++)
	{
		take(arg, keys * share, rows);
		share *= lambda / (rows + 1);
	}
}

static void
take_random(double keys, double mean, KeyGroupTaker take, void *arg)
{
	if (mean < FEW)
	{
		take_few(keys, Max(mean, 1), take, arg);
		return;
	}
	for (int i = 0; i < lengthof(normal_parts); i++)
		take(arg, keys / lengthof(normal_parts), floor(mean + normal_parts[i] * sqrt(mean) + 0.5));
}

/* Keys in a step of ranks, and the rows that each of them has. */
static void
look_at_step(const Fall *fall, double power, int step, double *keys, double *rows)
{
	double from = pow(fall->keys / fall->first, (double) step / RANK_STEPS);
	double to = pow(fall->keys / fall->first, (double) (step + 1) / RANK_STEPS);

	*keys = fall->first * (to - from);
	*rows = Max(1, fall->top * pow(sqrt(from * to), -power));
}

static double
sum_fall(const Fall *fall, double power)
{
	double sum = 0;

	for (int i = 0; i < RANK_STEPS; i++)
	{
		double keys;
		double rows;

		look_at_step(fall, power, i, &keys, &rows);
		sum += keys * rows;
	}
	return sum;
}

static void
take_falling(const Fall *fall, double rows, KeyGroupTaker take, void *arg)
{
	double low = 0;
	double high = 16;

	for (int i = 0; i < 30; i++)
	{
		double middle = (low + high) / 2;

		if (sum_fall(fall, middle) > rows)
			low = middle;
		else
			high = middle;
	}
	for (int i = 0; i < RANK_STEPS; i++)
	{
		double keys;
		double mean;

		look_at_step(fall, low, i, &keys, &mean);
		take_random(keys, mean, take, arg);
	}
}

void
dbops_key_groups(const KeyGroups *groups, KeyGroupTaker take, void *arg)
{
	double left = groups->rows;
	double top = 0;
	int ncommon = 0;

	while (ncommon < groups->ncommon && left >= 1)
	{
		top = Min(Max(floor(groups->common[ncommon] * groups->of + 0.5), 1), left);
		left -= top;
		take(arg, 1, floor(top));
		ncommon++;
	}
	if (left < 1)
		return;
	if (groups->keys <= ncommon)
		take(arg, 1, floor(left));
	else if (ncommon > 0 && top > SKEW * left / (groups->keys - ncommon))
		take_falling(&(Fall){.first = ncommon, .keys = groups->keys, .top = top}, left, take, arg);
	else
		take_random(groups->keys - ncommon, Max(left / (groups->keys - ncommon), 1), take, arg);
}
