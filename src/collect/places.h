/*
 * collect/places.h
 *		Where the server keeps its files: one place per file system.
 */
#pragma once

#include "store/family.h"

/* What lies on a place, or on a device; a set. */
#define PLACE_DATA 1
#define PLACE_WAL 2
#define PLACE_TABLESPACE 4

typedef struct Place
{
	int holds;
	char folder[MAXPGPATH]; /* one of the server's folders there */
	char mount[MAXPGPATH];  /* the mount point, or the folder where that is unknown */
	int device_major;       /* of the block device below; 0 when unknown */
	int device_minor;
	char device_name[64]; /* for a device known by name alone; else "" */
} Place;

/*
 * The places of the data directory, pg_wal and the tablespaces.  Good until the next call; links
 * and mounts are followed anew only when one of the folders has changed.
 */
extern const Place *dbops_places_read(int *nplaces);
