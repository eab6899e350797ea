/*
 * worker/pressure.h
 *		Is the machine or the server in trouble?
 *
 * A file of its own because it reads what worker/breaker.h judges.
 */
#pragma once

#include "worker/breaker.h"

/* By what the kernel says of the last seconds, for the control group if there is one. */
extern Trouble dbops_pressure_look(int connections);
