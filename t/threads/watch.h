/* watch.h - what APR does to memory, told to ThreadSanitizer.
 *
 * APR is not instrumented: two threads that take memory of one pool at a time,
 * or change one hash, would go unnoticed. The functions that read or change
 * something of that kind are replaced by ones that say so and then call APR's.
 * Mutexes and conditions need no such help, as ThreadSanitizer sees what APR
 * makes of them.
 */
#ifndef SCIM_WATCH_H
#define SCIM_WATCH_H

/** Find APR's functions. Before anything else, and with one thread. */
void watch_init(void);

#endif /* SCIM_WATCH_H */
