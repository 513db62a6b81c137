/* Feed the files of a corpus to a fuzz harness, one TAP line for each.
 *
 *     filter t/fuzz/corpus/filter
 *
 * The harness fails by crashing, so a line that is missing is the failure:
 * the plan comes first. Each input lies in memory of exactly its size, that
 * AddressSanitizer may see a step over its end. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A harness may define it, as with libFuzzer. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int replay(const char *dir, const char *name)
{
    char path[4096];
    struct stat st;
    uint8_t *data;
    FILE *f;
    int rv;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (!f) {
        return 0;
    }
    if (fstat(fileno(f), &st) != 0
        || !(data = malloc(st.st_size ? (size_t)st.st_size : 1))) {
        fclose(f);
        return 0;
    }
    rv = fread(data, 1, (size_t)st.st_size, f) == (size_t)st.st_size
         && LLVMFuzzerTestOneInput(data, (size_t)st.st_size) == 0;
    free(data);
    fclose(f);
    return rv;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int bad = 0;
    int n;
    int i;

    if (LLVMFuzzerInitialize) {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    n = scandir(argv[1], &entries, is_input, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - there is no input in %s\n", argv[1]);
        return 1;
    }
    printf("1..%d\n", n);
    for (i = 0; i < n; i++) {
        int passed;

        fflush(stdout);
        passed = replay(argv[1], entries[i]->d_name);
        printf("%sok %d - %s\n", passed ? "" : "not ", i + 1,
               entries[i]->d_name);
        bad += !passed;
        free(entries[i]);
    }
    free(entries);
    return bad != 0;
}
