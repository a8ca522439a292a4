/* What the peers in C share: questions on standard input, answers on standard output.
 * "BYTES TIMES" seals a text of BYTES (0x5a) TIMES times under key 07.., nonce 09.., associated data 03.. (40 bytes), the key
 * ready; the answer is "NANOSECONDS TAG": CPU time of this thread, and the tag of the first. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LONGEST (1 << 20)

/* Seals in place; the tag is written. */
static void seal(unsigned char *text, size_t bytes, const unsigned char nonce[12], const unsigned char aad[40], unsigned char tag[16]);

static void broken(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static uint64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int answer(void) {
    static unsigned char text[LONGEST];
    unsigned char nonce[12], aad[40], tag[16], first[16];
    unsigned long bytes, times;
    memset(nonce, 9, sizeof nonce);
    memset(aad, 3, sizeof aad);
    while (scanf("%lu %lu", &bytes, &times) == 2) {
        if (bytes > LONGEST)
            broken("too long");
        memset(text, 0x5a, bytes);
        seal(text, bytes, nonce, aad, first);
        uint64_t begun = cpu_ns();
        for (unsigned long i = 0; i < times; i++)
            seal(text, bytes, nonce, aad, tag);
        uint64_t taken = cpu_ns() - begun;
        printf("%llu ", (unsigned long long)taken);
        for (int i = 0; i < 16; i++)
            printf("%02x", first[i]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
