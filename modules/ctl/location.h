/* location.h - the locations of a web server with their mappings, as httpd
 * itself tells them (httpd/dump.h).
 */
#ifndef SCIM_CTL_LOCATION_H
#define SCIM_CTL_LOCATION_H

#include "ctl/ctl.h"
#include "store/mapping.h"

typedef struct scim_location_t {
    const char *server;         /* name:port */
    const char *path;
    const char *place;          /* file:line */
    const char *database;
    long user, group;           /* whom httpd's children run as */
    scim_mapping_t *mapping;
} scim_location_t;

/* How they are found: the options of a command that needs them. */
typedef struct scim_source_t {
    const char *program;        /* --httpd; NULL: looked for */
    const char *conf;           /* -f; NULL: the program's own */
    const char *path;           /* --location; NULL: all */
    int from_stdin;             /* read the dump instead of asking for it */
} scim_source_t;

/** The options that set a source, to be put into a list of options. */
#define SCIM_SOURCE_OPTIONS(source)                     \
    { "--httpd", NULL, &(source).program, NULL },       \
    { "--conf", "-f", &(source).conf, NULL },           \
    { "--location", NULL, &(source).path, NULL }

/**
 * Read the locations.
 *
 * @param plocations of scim_location_t, one for each mapping; not empty
 * @return SCIM_EXIT_OK, or the status to end with after a complaint
 */
int scim_location_read(apr_array_header_t **plocations, scim_ctl_t *ctl,
                       const scim_source_t *source);

/**
 * Connect as the location does: with its conninfo unless one was given, and,
 * when we are root, as the user of httpd's children, for whom alone
 * authentication by the operating system may be set up. There is no way
 * back: all locations of a server have the same user.
 *
 * @return SCIM_EXIT_OK, or the status to end with after a complaint
 */
int scim_location_connect(scim_ctl_t *ctl, const scim_location_t *location);

#endif
