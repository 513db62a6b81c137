/* hosts.h - the hosts of a connection string, and which of them said nothing
 * lately.
 *
 * libpq goes through several hosts by itself, but where it does not block it
 * has no limit of time for one of them: a host that is down without saying so
 * would take the whole deadline, and those behind it were never reached. So
 * each host is an attempt of its own here, with its share of the time, and one
 * that gives no answer is tried last for a minute.
 *
 * What cannot be taken apart is left to libpq and counts as one host: a list
 * with gaps, or from elsewhere than the string (PGHOST, a service file), or one
 * of which libpq is asked to choose (prefer-standby, load_balance_hosts). So
 * does a name with several addresses.
 */
#ifndef SCIM_PG_HOSTS_H
#define SCIM_PG_HOSTS_H

#include <apr_pools.h>
#include <apr_time.h>
#include <libpq-fe.h>

typedef struct scim_hosts_t scim_hosts_t;

/** Take the string apart; @a conninfo is borrowed and may be one that libpq
 * will refuse. */
scim_hosts_t *scim_hosts_make(const char *conninfo, apr_pool_t *pool);

/** How many there are, at least 1. */
int scim_hosts_count(const scim_hosts_t *hosts);

/** What to call a host in a message. */
const char *scim_hosts_name(const scim_hosts_t *hosts, int host);

/** Begin to connect to one host. @return what PQconnectStartParams does */
PGconn *scim_hosts_start(const scim_hosts_t *hosts, int host);

/** The order in which they are best tried: as they stand in the string, those
 * that said nothing lately last. Thread-safe. */
const int *scim_hosts_order(const scim_hosts_t *hosts, apr_pool_t *pool);

/** Until when an attempt that begins now may last: its share of the time that
 * is left to so many hosts, and no longer than connect_timeout. */
apr_time_t scim_hosts_until(const scim_hosts_t *hosts, int left,
                            apr_time_t now, apr_time_t deadline);

/** Remember that a host said nothing. @return whether that is news.
 * Thread-safe. */
int scim_hosts_set_silent(scim_hosts_t *hosts, int host);

#endif
