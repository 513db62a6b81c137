#include "console/page.h"

#include <string.h>

const scim_console_page_t *scim_console_page_find(const char *name)
{
    const scim_console_page_t *page;

    name = *name ? name : "index.html";
    for (page = scim_console_pages; page->name; page++) {
        if (strcmp(page->name, name) == 0) {
            return page;
        }
    }
    return NULL;
}
