/* harness.h - what libFuzzer, or replay.c, calls in a harness. */
#ifndef SCIM_HARNESS_H
#define SCIM_HARNESS_H

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crash, which is how a harness fails. */
static inline void check(int holds)
{
    if (!holds) {
        abort();
    }
}

#endif
