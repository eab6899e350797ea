/*
 * gateway/credentials.h
 *		Who may ask: the lines of dbops.http_credentials_file.
 *
 * "user:password" for basic authentication (RFC 7617) or "bearer:token" (RFC 6750); empty lines and
 * those that begin with # are none.  As with a key of the server, a file that others may read is
 * refused; and while the file cannot be used nobody gets in.
 */
#pragma once

typedef enum CredentialsState
{
	CREDENTIALS_NONE,   /* no file is set: everybody may ask */
	CREDENTIALS_LOADED, /* those in the file may */
	CREDENTIALS_FAILED, /* nobody may, see dbops_credentials_problem() */
} CredentialsState;

/*
 * Reads the file if it is another one or has changed since the last call; cheap if not.  Logs what
 * is news.
 */
extern CredentialsState dbops_credentials_refresh(const char *path);

/* As found by the last refresh. */
extern CredentialsState dbops_credentials_state(void);
extern const char *dbops_credentials_problem(void);

/*
 * Whether a header "Authorization" (NULL: there is none) is of one of them.  Takes the same time
 * whatever part of it is right.
 */
extern bool dbops_credentials_admit(const char *header);

/* The value of "WWW-Authenticate" for those who are not admitted. */
extern const char *dbops_credentials_challenge(void);
