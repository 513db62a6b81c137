/* page.h - the files of the page, compiled into the module.
 *
 * modules/console/page has them; the Makefile makes an array of each.
 */
#ifndef SCIM_CONSOLE_PAGE_H
#define SCIM_CONSOLE_PAGE_H

#include <apr.h>

typedef struct scim_console_page_t {
    const char *name;       /* NULL: the end of the list */
    const char *type;       /* Content-Type */
    const char *data;
    apr_size_t len;
} scim_console_page_t;

extern const scim_console_page_t scim_console_pages[];

/** The file of that name, or NULL; "" is index.html. */
const scim_console_page_t *scim_console_page_find(const char *name);

#endif
