/*
 * gateway/http_settings.h
 *		The settings of the gateway.
 *
 * They are defined in dbops.so, with their defaults, ranges and texts (core/guc.c); here they are
 * asked for by name, since the two libraries share no symbol.
 */
#pragma once

typedef struct HttpSettings
{
	const char *database;
	const char *listen; /* none of the texts is ever NULL */
	const char *tls_certificate;
	const char *tls_key;
	const char *credentials_file;
	const char *primary_conninfo;
	int max_connections;
	int timeout_ms;
	int64 sample_interval_us;
} HttpSettings;

/*
 * As they are.  The texts are the server's own, and end with the next reload of its configuration.
 */
extern HttpSettings dbops_http_settings_read(void);
