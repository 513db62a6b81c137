/* mapping.h - which column holds what: the meaning of a <ScimResource> block.
 *
 * A mapping is made from the configuration alone. What only the database
 * knows (types, lengths, unique indexes) are the facts; they are read by each
 * connection when it proves the mapping (pg/proof.h), and no statement can
 * be written without them.
 *
 * An attribute has one of three fates: mapped (it has a column), extra (it
 * is kept in the JSONB column), or discarded.
 */
#ifndef SCIM_STORE_MAPPING_H
#define SCIM_STORE_MAPPING_H

#include <apr_tables.h>

#include "base/err.h"
#include "schema/rtype.h"

typedef enum {
    SCIM_COLUMN_PLAIN,      /* column */
    SCIM_COLUMN_INVERTED,   /* !column: a boolean that means the contrary */
    SCIM_COLUMN_IS_NULL     /* column IS NULL: a timestamp that is null while
                             * the attribute is true */
} scim_column_form_t;

typedef struct scim_column_t {
    const char *target;         /* the attribute as configured */
    const scim_attr_t *attr;    /* top-level attribute */
    const scim_attr_t *sub;     /* sub-attribute, or NULL */
    const char *element;        /* X of [type eq "X"], or NULL */
    const scim_attr_t *leaf;    /* sub, or attr where there is none: its type
                                 * is that of the value */
    scim_column_form_t form;
    const char *name;           /* of the column */
    const char *key_name;       /* column with the caseless form, or NULL */
} scim_column_t;

/* A column that every INSERT fills with a constant. */
typedef struct scim_constant_t {
    const char *name;
    const char *value;
} scim_constant_t;

/* An element with a mapped `value` or other sub-attribute: the group of
 * columns that share attribute and type. */
typedef struct scim_element_t {
    const scim_attr_t *attr;
    const char *element;        /* X of [type eq "X"] */
    const char *key;            /* `emails[type eq "work"]`: its name among
                                 * the extra attributes */
    const char *written;        /* the same as JSON has it, without the
                                 * quotes around it */
} scim_element_t;

typedef struct scim_mapping_t scim_mapping_t;

/* The table that says which resources of two types belong to one another: of
 * Group who its members are, of User the same seen from the other side. */
typedef struct scim_relation_t {
    const char *table_schema;   /* NULL: found by the search path */
    const char *table;          /* quoted */
    const char *own;            /* its column with our key */
    const char *other;          /* its column with theirs */
    const scim_mapping_t *others;
} scim_relation_t;

/* How many accounts the tokens of a tenant may deactivate within a window: so
 * many, or so many of a hundred that were active when it began, whichever is
 * more. */
typedef struct scim_guard_t {
    int least;
    int percent;
    int seconds;
} scim_guard_t;

struct scim_mapping_t {
    const scim_rtype_t *type;
    const scim_mapping_t *origin;   /* of a completed one (completion.h): what
                                 * the configuration has made; else NULL */
    const char *location;       /* for messages: the <Location> */
    const char *tokens;         /* quoted name of the token view */
    const char *table_schema;   /* NULL: found by the search path */
    const char *table_name;
    const char *table;          /* quoted, schema-qualified where given */
    const char *key;            /* column names as the catalog has them */
    const char *tenant;
    const char *tombstone;      /* NULL: resources cannot be deleted */
    const char *extra;          /* NULL: what is not mapped is discarded */
    const char *protect;        /* SQL condition, or NULL */
    int adopt;                  /* POST adopts by userName */
    const scim_guard_t *guard;  /* NULL: any number may be deactivated */
    const char *needs_extra;    /* an attribute that only `extra` can keep */
    const char *version;        /* of Group: the counter that rises with every
                                 * change of the members; else NULL */
    const scim_relation_t *relation;    /* behind type->related; NULL: groups
                                 * are off */
    apr_array_header_t *columns;    /* of scim_column_t */
    apr_array_header_t *constants;  /* of scim_constant_t */
    apr_array_header_t *elements;   /* of scim_element_t */
    int *places;                /* by attribute index: the column of this
                                 * simple attribute or sub-attribute outside
                                 * any element; -1: none */
    unsigned char *stored;      /* by attribute index: kept at all */
    unsigned char *kept;        /* likewise, and besides what comes from the
                                 * row itself (id, meta): what filters can ask
                                 * for */
    unsigned char *redacted;    /* by attribute index: events say that it
                                 * changed, not to what */
    int redacts;                /* the configuration has asked for that */
};

/* A rule of the database that can refuse a value: a unique index, a CHECK. */
typedef struct scim_rule_t {
    const char *name;
    const char *target;     /* the attribute it is about */
} scim_rule_t;

/* The scale of a column that keeps any number of digits, or has no number. */
#define SCIM_UNSCALED 9999

/* What the catalog says of a mapped table. */
typedef struct scim_facts_t scim_facts_t;
struct scim_facts_t {
    int is_walled;                  /* a policy or view asks for
                                     * scim.tenant() */
    const char *key_type;           /* SQL names of types */
    const char *tenant_type;
    int tombstone_is_boolean;
    const char *const *types;       /* by place in mapping->columns */
    const int *lengths;             /* likewise: characters, 0: no limit */
    const int *scales;              /* likewise: digits that a number, or a
                                     * second, keeps behind the point; negative:
                                     * not even those before it */
    const unsigned char *not_null;  /* likewise */
    const unsigned char *as_text;   /* likewise: of no text type (uuid, an
                                     * enum), but compared as text */
    const unsigned char *by_code_point; /* likewise: what its text is compared
                                     * by has this order by itself */
    const unsigned char *attr_types;    /* by attribute index: of
                                     * scim_attr_type_t, never an open one */
    const unsigned char *uniqueness;    /* likewise: of scim_uniqueness_t, what
                                     * the indexes see to */
    apr_array_header_t *rules;      /* of scim_rule_t */
    const scim_facts_t *others;     /* of the mapping at the other end of the
                                     * relation; NULL: there is none */
};

/** Begin a mapping: nothing mapped, nothing stored. */
scim_mapping_t *scim_mapping_make(const scim_rtype_t *type, apr_pool_t *pool);

/** The type of a column that compares without case by itself (citext), or
 * NULL. */
const char *scim_facts_citext(const scim_facts_t *facts,
                              const scim_mapping_t *mapping,
                              const scim_column_t *column);

/**
 * What the form of a column says of the type of an attribute of which nothing
 * else does: SCIM_TYPE_OPEN for a plain one.
 *
 * @param spec, key as of scim_mapping_add()
 */
scim_attr_type_t scim_mapping_type_of(const char *spec, const char *key,
                                      apr_pool_t *pool);

/** Whether a column of another type is compared as text. */
int scim_facts_is_as_text(const scim_facts_t *facts,
                          const scim_mapping_t *mapping,
                          const scim_column_t *column);

/**
 * Map an attribute to a column.
 *
 * @param target `userName`, `name.givenName`, `emails[type eq "work"].value`,
 *               or one with a schema URN in front
 * @param spec   `column`, `!column` or `column IS NULL`; `-` for an attribute
 *               that the configuration defines: kept in the JSONB column
 * @param key    NULL, or the column with the caseless form
 * @return NULL, or a sentence for the administrator
 */
const char *scim_mapping_add(scim_mapping_t *mapping, const char *target,
                             const char *spec, const char *key,
                             apr_pool_t *pool);

/** Set the table: `table` or `schema.table`. NULL or a sentence. */
const char *scim_mapping_set_table(scim_mapping_t *mapping, const char *name,
                                   apr_pool_t *pool);

/**
 * Set the table of a group's members: `table` or `schema.table`, its column
 * with the group and its column with the user. NULL or a sentence.
 */
const char *scim_mapping_set_members(scim_mapping_t *mapping,
                                     const char *name, const char *group,
                                     const char *user, apr_pool_t *pool);

/** Tie the finished mappings of Group and User of one location together, so
 * that each knows the other. */
void scim_mapping_relate(scim_mapping_t *groups, scim_mapping_t *users,
                         apr_pool_t *pool);

/** Name an attribute whose values events do not show. NULL or a sentence. */
const char *scim_mapping_redact(scim_mapping_t *mapping, const char *target,
                                apr_pool_t *pool);

/**
 * Finish a mapping: what is required stands in it, no two directives
 * contradict each other, and `stored` is known.
 *
 * @return NULL, or a sentence for the administrator
 */
const char *scim_mapping_finish(scim_mapping_t *mapping, apr_pool_t *pool);

/** The column of an attribute outside any element, or NULL. @a sub may be
 * NULL. */
const scim_column_t *scim_mapping_column(const scim_mapping_t *mapping,
                                         const scim_attr_t *attr,
                                         const scim_attr_t *sub);

/** The mapped element of that type, or NULL; @a type in any case. */
const scim_element_t *scim_mapping_element(const scim_mapping_t *mapping,
                                           const scim_attr_t *attr,
                                           const char *type);

/** Whether the attribute is kept among the extra ones: as a whole, or what
 * its columns leave over. */
int scim_mapping_is_extra(const scim_mapping_t *mapping,
                          const scim_attr_t *attr);

/** A name as an SQL identifier: quoted, quotes doubled. `a.b` is two. */
const char *scim_mapping_quote(const char *name, apr_pool_t *pool);

#endif
