/* The harness of the C tests: checks are counted, a failed one is told with its place, and the program ends with "N passed, N failed". */
#ifndef MENJIE_TEST_H
#define MENJIE_TEST_H

#include <stdio.h>
#include <string.h>

static int passed = 0;
static int failed = 0;

#define CHECK(condition)                                                                                                                                        \
  do {                                                                                                                                                          \
    if (condition) {                                                                                                                                            \
      passed++;                                                                                                                                                 \
    } else {                                                                                                                                                    \
      failed++;                                                                                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                                                           \
    }                                                                                                                                                           \
  } while (0)

#define CHECK_TEXT(got, wanted)                                                                                                                                 \
  do {                                                                                                                                                          \
    const char *got_text = (got);                                                                                                                               \
    if (got_text != NULL && strcmp(got_text, (wanted)) == 0) {                                                                                                  \
      passed++;                                                                                                                                                 \
    } else {                                                                                                                                                    \
      failed++;                                                                                                                                                 \
      fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got, got_text ? got_text : "(null)", (wanted));                                 \
    }                                                                                                                                                           \
  } while (0)

static int summary(void) {
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

#endif
