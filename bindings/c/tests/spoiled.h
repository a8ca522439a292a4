/* Hostile tables and what is said of them. */
#ifndef MENJIE_SPOILED_H
#define MENJIE_SPOILED_H

#include "tables.h"
#include "test.h"

/* Something that is wrong with the lines, done to every schema and every array. */
#define SPOIL(name, body)                                                                                                                                       \
  static void name(struct ArrowSchema *schema, struct ArrowArray *array) {                                                                                      \
    (void)schema;                                                                                                                                               \
    (void)array;                                                                                                                                                \
    body;                                                                                                                                                       \
  }

typedef struct {
  void (*spoil)(struct ArrowSchema *schema, struct ArrowArray *array);
  const char *field;
  const char *said;
} hostile;

/* Each is refused by its column and its words, and everything was released once. */
static void refuses(const hostile *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct ArrowArrayStream stream, bills, bill_of;
    char *response = (char *)"stale";
    make_stream(&stream, 1)->spoil = cases[i].spoil;
    mj_status status = group(&stream, &bills, &bill_of, &response);
    if (status != MJ_BAD_REQUEST || strstr(mj_last_error_json(), cases[i].said) == NULL) {
      fprintf(stderr, "case %zu: %d %s, not \"%s\"\n", i, (int)status, mj_last_error_json(), cases[i].said);
    }
    CHECK(status == MJ_BAD_REQUEST && response == NULL);
    CHECK_TEXT(mj_last_error_field(), cases[i].field);
    CHECK(strstr(mj_last_error_json(), cases[i].said) != NULL);
    CHECK(stream.release == NULL && bills.release == NULL && bill_of.release == NULL);
    if (status == MJ_OK) {
      mj_string_free(response);
      bills.release(&bills);
      bill_of.release(&bill_of);
    }
    CHECK(live == 0 && twice == 0);
    live = twice = 0;
  }
}

#endif
