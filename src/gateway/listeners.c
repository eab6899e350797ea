/*
 * gateway/listeners.c
 *		The addresses that the gateway listens on; see listeners.h.
 *
 * Nothing here asks a name server, which could take its time: names are "localhost" and "*".
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/listeners.h"

#define BACKLOG 256
#define NAME_BYTES 64

typedef struct Listener
{
	char name[NAME_BYTES]; /* "[::1]:9187"; two with one name are the same */
	struct sockaddr_storage address;
	socklen_t length;
	int fd; /* -1: not open */
} Listener;

typedef struct ListenerSet
{
	Listener items[MAX_LISTENERS];
	int count;
} ListenerSet;

static ListenerSet listeners = {.count = 0};

/* ---- reading the list ---- */

static bool
complain(char *problem, size_t size, const char *what, const char *item)
{
	snprintf(problem, size, "%s \"%s\"", what, item);
	return false;
}

static bool
add_address(ListenerSet *set, const struct sockaddr *address, socklen_t length)
{
	Listener *listener = &set->items[set->count];
	char host[INET6_ADDRSTRLEN];
	char port[8];

	if (set->count == MAX_LISTENERS || length > sizeof(listener->address) ||
	    getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(listener->name, sizeof(listener->name),
	         address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	memcpy(&listener->address, address, length);
	listener->length = length;
	listener->fd = -1;
	for (int i = 0; i < set->count; i++)
	{
		if (strcmp(set->items[i].name, listener->name) == 0)
			return true;
	}
	set->count++;
	return true;
}

static bool
add_numeric(ListenerSet *set, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	                         .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	bool added;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	added = add_address(set, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return added;
}

static bool
is_port(const char *digits)
{
	return strspn(digits, "0123456789") == strlen(digits) && strlen(digits) <= 5 &&
	       atoi(digits) > 0 && atoi(digits) <= 65535;
}

static bool
add_item(ListenerSet *set, char *item)
{
	char *port = strrchr(item, ':');
	char *host = item;

	if (port == NULL || !is_port(port + 1))
		return false;
	*port++ = '\0';
	if (host[0] == '[' && port - host > 2 && port[-2] == ']')
	{
		host++;
		port[-2] = '\0';
	}
	else if (strchr(host, ':') != NULL)
		return false;
	if (strcmp(host, "*") == 0)
		return add_numeric(set, "0.0.0.0", port) && add_numeric(set, "::", port);
	if (pg_strcasecmp(host, "localhost") == 0)
		return add_numeric(set, "127.0.0.1", port) && add_numeric(set, "::1", port);
	return add_numeric(set, host, port);
}

static bool
parse(const char *list, ListenerSet *set, char *problem, size_t size)
{
	while (*list != '\0')
	{
		char item[NAME_BYTES];
		char shown[NAME_BYTES];
		size_t length;

		list += strspn(list, ", \t\n");
		length = strcspn(list, ", \t\n");
		if (length == 0)
			break;
		strlcpy(item, list, Min(length + 1, sizeof(item)));
		strlcpy(shown, item, sizeof(shown));
		if (length >= sizeof(item) || !add_item(set, item))
			return complain(problem, size,
			                "dbops.http_listen is not like \"127.0.0.1:9187\":", shown);
		list += length;
	}
	return true;
}

/* ---- opening ---- */

static bool
is_optional(const Listener *listener)
{
	/* A machine without IPv6 has half of "localhost" and "*". */
	return listener->address.ss_family == AF_INET6 &&
	       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

static bool
open_listener(Listener *listener)
{
	int on = 1;
	int fd = socket(listener->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (listener->address.ss_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(fd, (struct sockaddr *) &listener->address, listener->length) == 0 &&
	    listen(fd, BACKLOG) == 0)
	{
		listener->fd = fd;
		return true;
	}
	on = errno;
	close(fd);
	errno = on;
	return false;
}

/* Hands the open socket of the same name over to the new set. */
static void
take_over(Listener *listener)
{
	for (int i = 0; i < listeners.count; i++)
	{
		Listener *old = &listeners.items[i];

		if (old->fd >= 0 && strcmp(old->name, listener->name) == 0)
		{
			listener->fd = old->fd;
			old->fd = -1;
		}
	}
}

static void
close_rest(ListenerSet *set)
{
	for (int i = 0; i < set->count; i++)
	{
		if (set->items[i].fd >= 0)
			close(set->items[i].fd);
	}
}

bool
dbops_listeners_set(const char *list, char *problem, size_t size)
{
	ListenerSet wanted = {.count = 0};
	bool complete = true;

	if (!parse(list, &wanted, problem, size))
		return false;
	for (int i = 0; i < wanted.count; i++)
		take_over(&wanted.items[i]);
	/* Before others are opened: "*" may come in place of one address with the same port. */
	close_rest(&listeners);
	for (int i = 0; i < wanted.count; i++)
	{
		Listener *listener = &wanted.items[i];

		if (listener->fd >= 0 || open_listener(listener) ||
		    (wanted.count > 1 && is_optional(listener)))
			continue;
		snprintf(problem, size, "could not listen on %s: %s", listener->name, strerror(errno));
		complete = false;
	}
	listeners = wanted;
	return complete;
}

int
dbops_listeners_fds(int fds[MAX_LISTENERS])
{
	int count = 0;

	for (int i = 0; i < listeners.count; i++)
	{
		if (listeners.items[i].fd >= 0)
			fds[count++] = listeners.items[i].fd;
	}
	return count;
}

void
dbops_listeners_describe(char *list, size_t size)
{
	list[0] = '\0';
	for (int i = 0; i < listeners.count; i++)
	{
		if (listeners.items[i].fd < 0)
			continue;
		if (list[0] != '\0')
			strlcat(list, ", ", size);
		strlcat(list, listeners.items[i].name, size);
	}
}

static bool
is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *) address)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *) address)->sin6_addr);
}

const char *
dbops_listeners_open_to_others(void)
{
	for (int i = 0; i < listeners.count; i++)
	{
		const Listener *listener = &listeners.items[i];

		if (listener->fd >= 0 && !is_loopback(&listener->address))
			return listener->name;
	}
	return NULL;
}
