/* A sealed log through the library: log KEYS DIR, where KEYS holds writer.pem, writer.pub, auditor.pem and auditor.pub. */
#define _POSIX_C_SOURCE 200809L
#include <menjie.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "test.h"
#include "threads.h"

/* So often a log is closed while others write, and opened again at once. */
#define ROUNDS 8
#define CANARY "440599199003070058"

static const char *keys, *dir;

static char *printed(const char *form, ...) {
  static char text[4096];
  va_list rest;
  va_start(rest, form);
  vsnprintf(text, sizeof text, form, rest);
  va_end(rest);
  return text;
}

static char *writer(const char *signer) {
  return printed("{\"dir\":\"%s\",\"signer\":\"%s/%s\",\"auditors\":[\"%s/auditor.pub\"]}", dir, keys, signer, keys);
}

static const char *begin(char *out, size_t size, int no) {
  snprintf(out, size,
           "{\"records\":[{\"what\":\"begin\",\"hospital\":\"h1\",\"direction\":\"out\",\"peer\":\"cardreader\",\"interface\":\"READ\",\"business_no\":\"K%d\","
           "\"body\":\"{\\\"id_no\\\":\\\"" CANARY "\\\"}\"}]}",
           no);
  return out;
}

/* The number of the BEGIN, 0 when it was not written. */
static unsigned long written(mj_log *log, int no) {
  char records[512], *answer = NULL;
  if (mj_log_append(log, begin(records, sizeof records, no), &answer) != MJ_OK) {
    return 0;
  }
  json *read = json_read(answer, strlen(answer));
  const json *begun = json_member(read, "begun");
  unsigned long seq = begun && begun->first ? strtoul(begun->first->raw, NULL, 10) : 0;
  json_free(read);
  mj_string_free(answer);
  return seq;
}

static mj_log *shared;

static void *many(void *given) {
  size_t wrong = 0;
  for (int i = 0; i < 20; i++) {
    wrong += written(shared, (int)(uintptr_t)given * 100 + i) == 0;
  }
  return (void *)(uintptr_t)wrong;
}

/* Writes until somebody closes the log; every answer is one or the other. */
static void *until_closed(void *log) {
  for (int i = 0; i < 100000; i++) {
    if (written(log, i) == 0) {
      return (void *)(uintptr_t)(mj_last_error_code() != MJ_BAD_HANDLE);
    }
  }
  return (void *)(uintptr_t)1;
}

static void writing(void) {
  mj_log *log = (mj_log *)&log, *second = NULL;
  char *answer = NULL;
  CHECK(mj_log_open(NULL, &log) == MJ_NULL_ARGUMENT && log == NULL);
  CHECK(mj_log_open(writer("writer.pem"), NULL) == MJ_NULL_ARGUMENT);
  CHECK(mj_log_open("{}", &log) == MJ_BAD_REQUEST && log == NULL);
  CHECK(mj_log_open("\xff", &log) == MJ_NOT_UTF8);
  CHECK(mj_log_open(writer("none.pem"), &log) == MJ_BAD_KEY);
  CHECK_TEXT(mj_last_error_field(), "signer");
  CHECK(mj_log_open(writer("writer.pem"), &log) == MJ_OK && log != NULL);
  CHECK(mj_log_open(writer("writer.pem"), &second) == MJ_LOG_FAILED && second == NULL);
  CHECK(mj_log_append(log, NULL, &answer) == MJ_NULL_ARGUMENT);
  CHECK(mj_log_append(log, "{\"records\":[{\"what\":\"begin\"}]}", &answer) == MJ_BAD_REQUEST && answer == NULL);
  CHECK(mj_log_append(log, "{\"records\":[]}", NULL) == MJ_NULL_ARGUMENT);
  CHECK(mj_engine_free((mj_engine *)log) == MJ_BAD_HANDLE);
  /* The writer's thread takes none of the host's signals, and this one takes them as before. */
  int there = 0, taking = 0;
  char first[32];
  sigset_t mask;
  snprintf(first, sizeof first, "%ld", (long)getpid());
  foreign_threads(&there, &taking, first);
  CHECK(there > 0 && taking == 0);
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGPIPE) && !sigismember(&mask, SIGTERM));
  unsigned long seq = written(log, 1);
  CHECK(seq == 1);
  char *end = printed("{\"records\":[{\"what\":\"end\",\"of\":%lu,\"result\":\"answered\",\"status\":\"0\",\"body\":\"OK\"}]}", seq);
  CHECK(mj_log_append(log, end, &answer) == MJ_OK);
  CHECK_TEXT(answer, "{\"begun\":[],\"lost_ends\":0}");
  mj_string_free(answer);
  shared = log;
  pthread_t threads[4];
  for (uintptr_t i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, many, (void *)(i + 1));
  }
  for (size_t i = 0; i < 4; i++) {
    void *wrong = NULL;
    CHECK(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
  }
  /* The log is closed, and its lock is back, when the call returns: whoever wrote meanwhile has nothing to close after it. */
  pthread_t writers[ROUNDS * 4];
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < 4; i++) {
      pthread_create(&writers[round * 4 + i], NULL, until_closed, log);
    }
    while (written(log, 7) % 8 != 0) {
    }
    CHECK(mj_log_close(log) == MJ_OK);
    CHECK(mj_log_close(log) == MJ_BAD_HANDLE);
    CHECK(mj_log_open(writer("writer.pem"), &log) == MJ_OK);
  }
  CHECK(mj_log_close(log) == MJ_OK);
  for (size_t i = 0; i < ROUNDS * 4; i++) {
    void *wrong = NULL;
    CHECK(pthread_join(writers[i], &wrong) == 0 && wrong == NULL);
  }
}

/* What could not be written at the end is told. */
static void closing(void) {
  char at[512], away[512];
  const char *kept = dir;
  mj_log *log = NULL;
  snprintf(at, sizeof at, "%s-closing", kept);
  snprintf(away, sizeof away, "%s-moved", kept);
  dir = at;
  CHECK(mj_log_open(writer("writer.pem"), &log) == MJ_OK);
  CHECK(written(log, 1) == 1);
  CHECK(rename(at, away) == 0);
  CHECK(mj_log_close(log) == MJ_LOG_FAILED);
  CHECK(mj_log_close(log) == MJ_BAD_HANDLE);
  dir = away;
  CHECK(mj_log_open(writer("writer.pem"), &log) == MJ_OK);
  CHECK(mj_log_close(log) == MJ_OK);
  dir = kept;
}

static atomic_int seen, taken, over;

/* Looks at the threads of an operation while it runs, from one that takes no signals itself. */
static void *watching(void *first) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  while (!over) {
    int there = 0, taking = 0;
    foreign_threads(&there, &taking, first);
    seen += there > 1;
    taken += taking;
  }
  return NULL;
}

static void operations_take_no_signals(void) {
  char first[32], records[512], request[8192];
  pthread_t watcher;
  sigset_t mask;
  snprintf(first, sizeof first, "%ld", (long)getpid());
  snprintf(request, sizeof request, "{\"log\":%s,%s", writer("writer.pem"), begin(records, sizeof records, 9000) + 1);
  CHECK(pthread_create(&watcher, NULL, watching, first) == 0);
  for (int i = 0; i < 100 && seen < 3; i++) {
    char *answer = NULL;
    CHECK(mj_call(NULL, "seal.append", request, &answer) == MJ_OK);
    mj_string_free(answer);
  }
  over = 1;
  CHECK(pthread_join(watcher, NULL) == 0);
  CHECK(seen > 0);
  CHECK(taken == 0);
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGPIPE) && !sigismember(&mask, SIGTERM));
}

static json *ran(const char *op, const char *request) {
  char *answer = NULL;
  mj_status status = mj_call(NULL, op, request, &answer);
  if (status != MJ_OK) {
    fprintf(stderr, "%s: %s\n", op, mj_last_error_json());
    return NULL;
  }
  /* The texts of the tree are copies, the words are not looked at. */
  json *read = json_read(answer, strlen(answer));
  CHECK(strstr(answer, CANARY) == NULL);
  mj_string_free(answer);
  return read;
}

static void reading(void) {
  json *verified = ran("seal.verify", printed("{\"dir\":\"%s\",\"writers\":[\"%s/writer.pub\"],\"key\":\"%s/auditor.pem\"}", dir, keys, keys));
  CHECK(json_is(json_member(verified, "verdict"), "sound"));
  json_free(verified);
  json *found = ran("seal.search", printed("{\"log\":{\"dir\":\"%s\",\"key\":\"%s/auditor.pem\"},\"filter\":{\"order\":\"K1\"}}", dir, keys));
  const json *rows = json_member(found, "rows");
  CHECK(rows != NULL && rows->first != NULL && json_is(json_member(rows->first, "business_no"), "K1") && json_is(json_member(rows->first, "result"), "answered"));
  json_free(found);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    return 2;
  }
  keys = argv[1];
  dir = argv[2];
  writing();
  closing();
  operations_take_no_signals();
  reading();
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
