/*
 * gateway/http_settings.c
 *		The settings of the gateway; see http_settings.h.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "gateway/http_settings.h"

static const char *
read_text(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value != NULL ? value : "";
}

HttpSettings
dbops_http_settings_read(void)
{
	return (HttpSettings){
	    .database = read_text("dbops.database"),
	    .listen = read_text("dbops.http_listen"),
	    .tls_certificate = read_text("dbops.http_tls_certificate"),
	    .tls_key = read_text("dbops.http_tls_key"),
	    .credentials_file = read_text("dbops.http_credentials_file"),
	    .primary_conninfo = read_text("dbops.primary_conninfo"),
	    .max_connections = atoi(read_text("dbops.http_max_connections")),
	    .timeout_ms = atoi(read_text("dbops.http_timeout")),
	    .sample_interval_us = atoi(read_text("dbops.sample_interval")) * INT64CONST(1000000),
	};
}
