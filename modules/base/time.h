/* time.h - instants as text.
 *
 * SCIM's dateTime is xsd:dateTime (RFC 7643 section 2.3.5); the module sends
 * UTC with a "Z" and keeps microseconds. PostgreSQL's text form is ISO with
 * an offset (DateStyle ISO).
 */
#ifndef SCIM_BASE_TIME_H
#define SCIM_BASE_TIME_H

#include <apr_pools.h>
#include <apr_time.h>

/**
 * Parse an xsd:dateTime, or PostgreSQL's ISO text of a timestamptz.
 *
 * A blank may stand for the "T"; without an offset the text means UTC. Years
 * are 0001 to 9999; at most microseconds count, further digits are dropped.
 * 24:00:00 is the end of the day, a second 60 the next minute's first.
 *
 * @param ptime microseconds since 1970, set on success
 * @return whether @a text is one
 */
int scim_time_parse(apr_time_t *ptime, const char *text);

/** Parse an xsd:dateTime as clients have to send it: what scim_time_parse()
 * takes, but with `T`, and with `Z` or `+hh:mm` or nothing behind it. */
int scim_time_parse_xsd(apr_time_t *ptime, const char *text);

/** @a time as `2026-01-31T12:00:00.25Z`, in @a pool; a fraction only when
 * there is one, without trailing zeros. */
const char *scim_time_format(apr_time_t time, apr_pool_t *pool);

/** Whether @a text is what scim_time_format() writes for some time. */
int scim_time_is_formatted(const char *text, apr_pool_t *scratch_pool);

#endif
