/*
 * core/port.h
 *		The server's struct Port: what a process knows of its client.
 *
 * A header of its own because the server's wants those of GSSAPI and OpenSSL, which need not be
 * installed where an extension is built.  Without them the fields before `gss` lie where they lie,
 * and no others may be used.  To be included after all other headers of the server.
 */
#pragma once

#undef ENABLE_GSS
#undef USE_OPENSSL

#include "libpq/auth.h"
#include "libpq/libpq-be.h"
