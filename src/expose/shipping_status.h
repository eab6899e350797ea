/*
 * expose/shipping_status.h
 *		How a standby gets on with shipping its samples to the primary, for dbops.status().
 */
#pragma once

#include "expose/status.h"

/* On a standby whose gateway runs. */
extern void dbops_shipping_status_find(Finding *finding);
