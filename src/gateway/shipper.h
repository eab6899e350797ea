/*
 * gateway/shipper.h
 *		A standby's samples on their way to the primary.
 *
 * A file of its own because it knows what is said to the primary and when, and nothing of sockets.
 * What there is to ship, and how far the primary has it, are asked anew after every failure: all
 * that is remembered here is the number of the last sample that the primary has.
 */
#pragma once

#include "gateway/http_settings.h"

/* Whether there is anything to do for it: a standby that is told where its primary is. */
extern bool dbops_shipper_is_wanted(const HttpSettings *settings);

/* The settings may have changed. */
extern void dbops_shipper_set_up(const HttpSettings *settings);

/* Does what there is to do without waiting; returns for how many ms there will be nothing. */
extern long dbops_shipper_run(void);

/* Puts its socket among those that are waited on, as it is at the moment. */
extern void dbops_shipper_wait_on(int epoll);
