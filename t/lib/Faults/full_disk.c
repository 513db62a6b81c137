/* A full disk for a process that this is preloaded into: while the file
 * $FULL_DISK/PART is there, no file below a directory of that name can grow any
 * more. What lies within a file's length can still be written, as on a real
 * one, and so can all other files.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const parts[] = { "base", "pg_wal" };

/* Whether a file may not reach this length. */
static int is_full(int fd, off_t end)
{
    const char *dir = getenv("FULL_DISK");
    char link[64], path[4096], flag[4096], below[64];
    struct stat st;
    ssize_t len;
    size_t i;

    if (!dir || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)
        || end <= st.st_size) {
        return 0;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if (len <= 0) {
        return 0;
    }
    path[len] = '\0';
    for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        snprintf(flag, sizeof(flag), "%s/%s", dir, parts[i]);
        snprintf(below, sizeof(below), "/%s/", parts[i]);
        if (strstr(path, below) && access(flag, F_OK) == 0) {
            errno = ENOSPC;
            return 1;
        }
    }
    return 0;
}

static off_t length_of(const struct iovec *iov, int count)
{
    off_t len = 0;
    int i;

    for (i = 0; i < count; i++) {
        len += (off_t)iov[i].iov_len;
    }
    return len;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t len)
{
    int kept = errno;
    off_t at = lseek(fd, 0, SEEK_CUR);

    errno = kept;
    return at >= 0 && is_full(fd, at + (off_t)len) ? -1
         : NEXT(write)(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    return is_full(fd, at + (off_t)len) ? -1 : NEXT(pwrite)(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return is_full(fd, at + (off_t)len) ? -1
         : NEXT(pwrite64)(fd, data, len, at);
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t at)
{
    return is_full(fd, at + length_of(iov, count)) ? -1
         : NEXT(pwritev)(fd, iov, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t at)
{
    return is_full(fd, at + length_of(iov, count)) ? -1
         : NEXT(pwritev64)(fd, iov, count, at);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
    return is_full(fd, at + len) ? ENOSPC : NEXT(posix_fallocate)(fd, at, len);
}
