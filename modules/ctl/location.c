#include "ctl/location.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/dump.h"

/* Debian's apache2ctl first: it knows the environment that the configuration
 * there needs. */
static const char *find_program(const scim_source_t *source, apr_pool_t *pool)
{
    static const char *const programs[] = {
        "/usr/sbin/apache2ctl", "/usr/sbin/apachectl", "/usr/sbin/httpd",
        "/usr/local/apache2/bin/httpd", NULL
    };
    const char *given = source->program ? source->program : getenv("HTTPD");
    apr_finfo_t info;
    int i;

    if (given && *given) {
        return given;
    }
    for (i = 0; programs[i]; i++) {
        if (apr_stat(&info, programs[i], APR_FINFO_TYPE, pool)
            == APR_SUCCESS) {
            return programs[i];
        }
    }
    return NULL;
}

static void read_file(scim_buf_t *buf, apr_file_t *file)
{
    char part[8192];
    apr_size_t len = sizeof(part);

    while (apr_file_read(file, part, &len) == APR_SUCCESS) {
        scim_buf_add(buf, part, len);
        len = sizeof(part);
    }
}

/* What the program writes, and separately what it says of errors. The latter
 * goes through a file, as reading two pipes in turn could wait for ever. */
static apr_status_t run(scim_buf_t *out, scim_buf_t *said, int *pstatus,
                        const char *const *args, apr_pool_t *pool)
{
    apr_procattr_t *attr;
    apr_exit_why_e why;
    apr_file_t *errors;
    apr_proc_t child;
    const char *dir;
    char *name;
    apr_off_t start = 0;
    apr_status_t status = apr_temp_dir_get(&dir, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    name = apr_pstrcat(pool, dir, "/scimctl.XXXXXX", NULL);
    status = apr_file_mktemp(&errors, name, 0, pool);
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_procattr_create(&attr, pool);
    apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    apr_procattr_child_err_set(attr, errors, NULL);
    apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    apr_procattr_error_check_set(attr, 1);
    status = apr_proc_create(&child, args[0], args, NULL, attr, pool);
    if (status == APR_SUCCESS) {
        read_file(out, child.out);
        apr_proc_wait(&child, pstatus, &why, APR_WAIT);
        apr_file_seek(errors, APR_SET, &start);
        read_file(said, errors);
    }
    apr_file_close(errors);
    apr_file_remove(name, pool);
    return status;
}

static int ask_httpd(scim_buf_t *out, const scim_ctl_t *ctl,
                     const scim_source_t *source)
{
    const char *args[] = { NULL, "-t", "-D", "SCIM_DUMP", NULL, NULL, NULL };
    const char *conf = source->conf ? source->conf : getenv("HTTPD_CONF");
    scim_buf_t said;
    apr_status_t status;
    int exit_status = 0;

    args[0] = find_program(source, ctl->pool);
    if (!args[0]) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not find the web "
                                 "server's program; name it by --httpd");
    }
    if (conf && *conf) {
        args[4] = "-f";
        args[5] = conf;
    }
    scim_buf_init(&said, 1024, ctl->pool);
    status = run(out, &said, &exit_status, args, ctl->pool);
    if (status != APR_SUCCESS) {
        char reason[120];

        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not run \"%s\": "
                                 "%s", args[0],
                                 apr_strerror(status, reason, sizeof(reason)));
    }
    if (exit_status) {
        scim_ctl_complain(ctl, SCIM_EXIT_FINDINGS, "\"%s -t\" does not accept "
                          "the configuration:", args[0]);
        scim_print_lines(stderr, said.data, ctl->pool);
        return SCIM_EXIT_FINDINGS;
    }
    return SCIM_EXIT_OK;
}

static const char *text_of(const scim_json_t *object, const char *name)
{
    const scim_json_t *value = scim_json_find(object, name);

    return value && value->type == SCIM_JSON_STRING ? value->text : "";
}

static long number_of(const scim_json_t *object, const char *name)
{
    const scim_json_t *value = scim_json_find(object, name);

    return value && value->type == SCIM_JSON_NUMBER
         ? strtol(value->text, NULL, 10) : -1;
}

static scim_err_t *read_line(apr_array_header_t *locations, const char *line,
                             const scim_source_t *source, apr_pool_t *pool)
{
    scim_json_t *object;
    scim_mapping_t *mapping;
    scim_location_t *location;
    const char *path;

    SCIM_TRY(scim_json_parse(&object, line, strlen(line), pool));
    path = text_of(object, "path");
    if (source->path && strcmp(source->path, path) != 0) {
        return NULL;
    }
    SCIM_TRY(scim_dump_decode(&mapping, scim_json_find(object, "mapping"),
                              pool));
    location = apr_array_push(locations);
    location->server = text_of(object, "server");
    location->path = path;
    location->place = apr_psprintf(pool, "%s:%ld", text_of(object, "file"),
                                   number_of(object, "line"));
    location->database = text_of(object, "database");
    location->user = number_of(object, "user");
    location->group = number_of(object, "group");
    location->mapping = mapping;
    return NULL;
}

static int is_same_place(const scim_location_t *a, const scim_location_t *b)
{
    return strcmp(a->server, b->server) == 0 && strcmp(a->path, b->path) == 0
        && strcmp(a->place, b->place) == 0;
}

/* Groups and users of one location know each other, as in httpd. */
static void relate(apr_array_header_t *locations, apr_pool_t *pool)
{
    int i, j;

    for (i = 0; i < locations->nelts; i++) {
        scim_location_t *groups = &APR_ARRAY_IDX(locations, i,
                                                 scim_location_t);

        for (j = 0; groups->mapping->version && j < locations->nelts; j++) {
            scim_location_t *users = &APR_ARRAY_IDX(locations, j,
                                                    scim_location_t);

            if (users->mapping->type->user_name
                && is_same_place(groups, users)) {
                scim_mapping_relate(groups->mapping, users->mapping, pool);
            }
        }
    }
}

int scim_location_read(apr_array_header_t **plocations, scim_ctl_t *ctl,
                       const scim_source_t *source)
{
    apr_array_header_t *locations = apr_array_make(ctl->pool, 2,
                                                   sizeof(scim_location_t));
    scim_buf_t text;
    char *line, *state;
    int status;

    scim_buf_init(&text, 65536, ctl->pool);
    if (source->from_stdin) {
        apr_file_t *in;

        apr_file_open_stdin(&in, ctl->pool);
        read_file(&text, in);
    }
    else if ((status = ask_httpd(&text, ctl, source)) != SCIM_EXIT_OK) {
        return status;
    }
    /* other modules may have something to tell as well */
    for (line = apr_strtok(text.data, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        scim_err_t *err = strncmp(line, "{\"scim\":", 8) != 0 ? NULL
                        : read_line(locations, line, source, ctl->pool);

        if (err) {
            return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not read "
                                     "what httpd dumped: %s", err->detail);
        }
    }
    if (!locations->nelts) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "%s",
                                 source->path
                                 ? "there is no such location with a "
                                   "<ScimResource> in the configuration"
                                 : "there is no <ScimResource> in the "
                                   "configuration; is the module loaded "
                                   "(a2enmod scim)?");
    }
    relate(locations, ctl->pool);
    *plocations = locations;
    return SCIM_EXIT_OK;
}

static int become(const scim_ctl_t *ctl, const scim_location_t *location)
{
    const struct passwd *user;

    if (geteuid() != 0 || location->user <= 0) {
        return SCIM_EXIT_OK;
    }
    user = getpwuid((uid_t)location->user);
    if (setgid((gid_t)location->group) != 0
        || (user ? initgroups(user->pw_name, (gid_t)location->group)
                 : setgroups(0, NULL)) != 0
        || setuid((uid_t)location->user) != 0) {
        return scim_ctl_complain(ctl, SCIM_EXIT_AWAY, "could not become user "
                                 "%ld, as whom httpd connects",
                                 location->user);
    }
    return SCIM_EXIT_OK;
}

int scim_location_connect(scim_ctl_t *ctl, const scim_location_t *location)
{
    const char *conninfo = *ctl->database ? ctl->database
                                          : location->database;

    if (ctl->conn) {
        scim_conn_close(ctl->conn);
    }
    ctl->conn = scim_conn_make(scim_hosts_make(conninfo, ctl->pool),
                               SCIM_CTL_TIMEOUT, ctl->pool);
    return become(ctl, location);
}
