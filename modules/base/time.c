#include "base/time.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* Read exactly `digits` digits; -1 when there are fewer. */
static int number(const char **at, int digits)
{
    int value = 0;

    while (digits-- > 0) {
        if (!apr_isdigit(**at)) {
            return -1;
        }
        value = value * 10 + (*(*at)++ - '0');
    }
    return value;
}

static int skip(const char **at, char c)
{
    if (**at != c) {
        return 0;
    }
    (*at)++;
    return 1;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, counted from
 * March so that the leap day is the last of its year. */
static apr_int64_t days_from_epoch(int year, int month, int day)
{
    apr_int64_t y = month > 2 ? year : year - 1;
    apr_int64_t m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1
         - 719468;
}

static apr_int64_t seconds(int hours, int minutes, int more)
{
    return ((apr_int64_t)hours * 60 + minutes) * 60 + more;
}

/* The offset behind the time of day in seconds; 0 when there is none. */
static int parse_offset(apr_int64_t *poffset, const char **at)
{
    int sign, hours, minutes = 0, more = 0;

    *poffset = 0;
    if (**at == '\0' || skip(at, 'Z') || skip(at, 'z')) {
        return 1;
    }
    if (**at != '+' && **at != '-') {
        return 0;
    }
    sign = *(*at)++ == '-' ? -1 : 1;
    hours = number(at, 2);
    if (hours >= 0 && (skip(at, ':') || apr_isdigit(**at))) {
        minutes = number(at, 2);
        if (minutes >= 0 && skip(at, ':')) {
            more = number(at, 2);
        }
    }
    *poffset = sign * seconds(hours, minutes, more);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60
        && more >= 0 && more < 60;
}

int scim_time_parse(apr_time_t *ptime, const char *text)
{
    int year, month, day, hour, minute, second, usec = 0, unit = 100000;
    const char *at = text;
    apr_int64_t offset;

    if ((year = number(&at, 4)) < 1 || !skip(&at, '-')
        || (month = number(&at, 2)) < 1 || month > 12 || !skip(&at, '-')
        || (day = number(&at, 2)) < 1 || day > days_in_month(year, month)
        || !(skip(&at, 'T') || skip(&at, 't') || skip(&at, ' '))
        || (hour = number(&at, 2)) < 0 || hour > 24 || !skip(&at, ':')
        || (minute = number(&at, 2)) < 0 || minute > 59 || !skip(&at, ':')
        || (second = number(&at, 2)) < 0 || second > 60) {
        return 0;
    }
    if (skip(&at, '.')) {
        if (!apr_isdigit(*at)) {
            return 0;
        }
        for (; apr_isdigit(*at); at++, unit /= 10) {
            usec += (*at - '0') * unit;
        }
    }
    if (hour == 24 && (minute || second || usec)) {
        return 0;
    }
    if (!parse_offset(&offset, &at) || *at) {
        return 0;
    }
    *ptime = apr_time_from_sec(days_from_epoch(year, month, day) * 86400
                               + seconds(hour, minute, second) - offset)
           + usec;
    return *ptime >= apr_time_from_sec(days_from_epoch(1, 1, 1) * 86400)
        && *ptime < apr_time_from_sec(days_from_epoch(10000, 1, 1) * 86400);
}

/* What stands behind the time of day: `Z`, an offset in the long form, or
 * nothing. */
static int is_xsd_zone(const char *text)
{
    if (*text == '+' || *text == '-') {
        return strlen(text) == 6 && text[3] == ':'
            && strcmp(text + 1, "14:00") <= 0;
    }
    return *text == 'Z' || *text == '\0';
}

int scim_time_parse_xsd(apr_time_t *ptime, const char *text)
{
    static const apr_size_t date = 10, seconds = 17, end = 19;
    apr_time_t time;

    if (!scim_time_parse(&time, text) || text[date] != 'T'
        || strncmp(text + seconds, "60", 2) == 0
        || !is_xsd_zone(text + end + strspn(text + end, ".0123456789"))) {
        return 0;
    }
    *ptime = time;
    return 1;
}

/* The inverse of days_from_epoch(), from the year 1 on. */
static void date_of(apr_int64_t days, int *year, int *month, int *day)
{
    apr_int64_t left = days + 719468, era = left / 146097, years, m;

    left %= 146097;             /* days of this 400 years, from March on */
    years = (left - left / 1460 + left / 36524 - left / 146096) / 365;
    left -= years * 365 + years / 4 - years / 100;
    m = (left * 5 + 2) / 153;
    *day = (int)(left - (m * 153 + 2) / 5) + 1;
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(era * 400 + years) + (*month <= 2);
}

static char *put(char *at, int number, int digits, char behind)
{
    int i;

    for (i = digits - 1; i >= 0; i--, number /= 10) {
        at[i] = '0' + number % 10;
    }
    at[digits] = behind;
    return at + digits + 1;
}

const char *scim_time_format(apr_time_t time, apr_pool_t *pool)
{
    int usec = (int)(time % APR_USEC_PER_SEC), second, year, month, day;
    char *text = apr_palloc(pool, sizeof("9999-12-31T23:59:59.999999Z"));
    char *at = text;
    apr_int64_t days;

    /* before 1970 remainders are negative */
    usec += usec < 0 ? APR_USEC_PER_SEC : 0;
    time = apr_time_sec(time - usec);
    second = (int)(time % 86400);
    second += second < 0 ? 86400 : 0;
    days = (time - second) / 86400;
    date_of(days, &year, &month, &day);
    at = put(at, year, 4, '-');
    at = put(at, month, 2, '-');
    at = put(at, day, 2, 'T');
    at = put(at, second / 3600, 2, ':');
    at = put(at, second / 60 % 60, 2, ':');
    at = put(at, second % 60, 2, '.');
    if (usec) {
        at = put(at, usec, 6, '0');
        while (at[-1] == '0') {
            at--;
        }
    }
    else {
        at--;
    }
    memcpy(at, "Z", 2);
    return text;
}

int scim_time_is_formatted(const char *text, apr_pool_t *scratch_pool)
{
    apr_time_t time;

    return scim_time_parse(&time, text)
        && strcmp(scim_time_format(time, scratch_pool), text) == 0;
}
