/* Everything that can be called wrongly, alone and from many threads at once. Nothing of it may end the process. */
#define _POSIX_C_SOURCE 200809L
#include <menjie.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "threads.h"

#define ECHO "{\"value\":\"\xe9\x97\xa8\xe8\xaf\x8a\"}"

_Static_assert(sizeof(mj_status) == 4, "a status has four bytes");
_Static_assert(offsetof(mj_options, abi_version) == 4 && offsetof(mj_options, config) == 8, "options never change their beginning");
_Static_assert(sizeof(mj_options) == 8 + 2 * sizeof(char *), "nobody pads the options");
_Static_assert(offsetof(mj_table, stream) == sizeof(char *) && sizeof(mj_table) == 2 * sizeof(char *), "a table is its name and its stream");
_Static_assert(MJ_OK == 0 && MJ_UNKNOWN_OPERATION == 1 && MJ_BAD_REQUEST == 2 && MJ_BAD_HANDLE == 12 && MJ_PANICKED == 901, "numbers are never given anew");
_Static_assert(MJ_ABI_VERSION >> 16 == 1, "the major number is that of the soname");

static mj_options options(const char *config) {
  mj_options options = {0};
  options.struct_size = sizeof options;
  options.abi_version = MJ_ABI_VERSION;
  options.config = config;
  return options;
}

static mj_engine *engine(void) {
  mj_options plain = options(NULL);
  mj_engine *engine = NULL;
  return mj_engine_new(&plain, &engine) == MJ_OK ? engine : NULL;
}

static void versions(void) {
  char *info = NULL;
  CHECK(mj_abi_version() == MJ_ABI_VERSION);
  CHECK(strlen(mj_version()) >= 5);
  CHECK(mj_build_info(&info) == MJ_OK && strstr(info, "\"bill.group\"") != NULL && strstr(info, mj_version()) != NULL);
  mj_string_free(info);
  CHECK(mj_build_info(NULL) == MJ_NULL_ARGUMENT);
  CHECK_TEXT(mj_last_error_field(), "info");
}

static void arguments(void) {
  char *answer = (char *)"stale";
  CHECK(mj_call(NULL, NULL, ECHO, &answer) == MJ_NULL_ARGUMENT && answer == NULL);
  CHECK_TEXT(mj_last_error_field(), "op");
  CHECK_TEXT(mj_last_error_kind(), "misuse");
  CHECK_TEXT(mj_last_error_retry(), "never");
  CHECK_TEXT(mj_last_error_json(), "{\"code\":10,\"kind\":\"misuse\",\"retry\":\"never\",\"message\":\"an argument that is needed is NULL\",\"context\":{\"field\":\"op\"}}");
  answer = (char *)"stale";
  CHECK(mj_call(NULL, "echo", NULL, &answer) == MJ_NULL_ARGUMENT && answer == NULL);
  CHECK(mj_call(NULL, "echo", ECHO, NULL) == MJ_NULL_ARGUMENT);
  CHECK_TEXT(mj_last_error_field(), "response");
  CHECK(mj_call(NULL, "\xff", ECHO, &answer) == MJ_NOT_UTF8 && answer == NULL);
  CHECK(mj_call(NULL, "echo", "{\"value\":\"\xc4\xe3\xba\xc3\"}", &answer) == MJ_NOT_UTF8 && answer == NULL);
  CHECK_TEXT(mj_last_error_field(), "request");
  CHECK(mj_call(NULL, "", ECHO, &answer) == MJ_UNKNOWN_OPERATION);
  CHECK(mj_call(NULL, "echo", "", &answer) == MJ_BAD_REQUEST);
  CHECK(mj_call(NULL, "echo", "{", &answer) == MJ_BAD_REQUEST && answer == NULL);
  CHECK(mj_call(NULL, "visit.unpaid", "{}", &answer) == MJ_UNKNOWN_OPERATION);
  CHECK(strstr(mj_last_error_json(), "needs an engine") != NULL);
  CHECK(mj_call(NULL, "invoice.amount_in_words", "{\"amount_fen\":9007199254740993}", &answer) == MJ_BAD_REQUEST);
  CHECK_TEXT(mj_last_error_field(), "amount_fen");
  /* A call that goes well has no error. */
  CHECK(mj_call(NULL, "echo", ECHO, &answer) == MJ_OK);
  CHECK_TEXT(answer, ECHO);
  CHECK(mj_last_error_code() == MJ_OK);
  CHECK_TEXT(mj_last_error_json(), "");
  CHECK_TEXT(mj_last_error_message(), "");
  mj_string_free(answer);
}

static void lengths(void) {
  const size_t most = (size_t)64 << 20;
  char *answer = NULL, *huge = malloc(most + 2);
  memset(huge, ' ', most + 1);
  huge[most + 1] = '\0';
  CHECK(mj_call(NULL, "echo", huge, &answer) == MJ_TOO_LONG && answer == NULL);
  huge[most] = '\0';
  CHECK(mj_call(NULL, "echo", huge, &answer) == MJ_BAD_REQUEST && answer == NULL);
  CHECK(mj_call(NULL, huge, ECHO, &answer) == MJ_UNKNOWN_OPERATION && answer == NULL);
  memset(huge, '[', most);
  CHECK(mj_call(NULL, "echo", huge, &answer) == MJ_BAD_REQUEST && answer == NULL);
  free(huge);
}

static void texts(void) {
  char *answer = NULL, mine[] = "mine";
  CHECK(mj_string_free(NULL) == MJ_OK);
  CHECK(mj_string_free(mine) == MJ_BAD_TEXT);
  CHECK(mj_string_free((char *)(uintptr_t)8) == MJ_BAD_TEXT);
  CHECK(mj_call(NULL, "echo", ECHO, &answer) == MJ_OK);
  CHECK(mj_strings_outstanding() == 1);
  CHECK(mj_string_free(answer + 1) == MJ_BAD_TEXT);
  CHECK(mj_string_free(answer) == MJ_OK);
  CHECK(mj_string_free(answer) == MJ_BAD_TEXT);
  CHECK(mj_strings_outstanding() == 0);
  /* Freeing leaves the error of the call before. */
  CHECK(mj_call(NULL, "none", ECHO, &answer) == MJ_UNKNOWN_OPERATION);
  CHECK(mj_string_free(mine) == MJ_BAD_TEXT && mj_last_error_code() == MJ_UNKNOWN_OPERATION);
}

static void handles(void) {
  char *answer = NULL;
  mj_engine *first = engine(), *second;
  CHECK(first != NULL && mj_ping(first) == MJ_OK && mj_ping(NULL) == MJ_OK);
  CHECK(mj_call(first, "echo", ECHO, &answer) == MJ_OK && mj_string_free(answer) == MJ_OK);
  CHECK(mj_call(first, "visit.unpaid", "{}", &answer) == MJ_UNKNOWN_OPERATION);
  CHECK(mj_engine_free(first) == MJ_OK);
  CHECK(mj_engine_free(first) == MJ_BAD_HANDLE && mj_ping(first) == MJ_BAD_HANDLE);
  CHECK(mj_call(first, "echo", ECHO, &answer) == MJ_BAD_HANDLE && answer == NULL);
  CHECK_TEXT(mj_last_error_field(), "engine");
  second = engine();
  CHECK(second != first);
  CHECK(mj_call(first, "echo", ECHO, &answer) == MJ_BAD_HANDLE);
  CHECK(mj_engine_free(NULL) == MJ_OK);
  /* Pointers to memory, numbers, and handles of another kind. */
  const uintptr_t nonsense[] = {1, 2, 3, 4, 4096, (uintptr_t)&answer, (uintptr_t)handles, UINTPTR_MAX, UINTPTR_MAX - 2, (uintptr_t)second + 4, (uintptr_t)second + 1};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
    CHECK(mj_call((mj_engine *)nonsense[i], "echo", ECHO, &answer) == MJ_BAD_HANDLE);
    CHECK(mj_engine_free((mj_engine *)nonsense[i]) == MJ_BAD_HANDLE);
    CHECK(mj_log_append((mj_log *)nonsense[i], "{\"records\":[]}", &answer) == MJ_BAD_HANDLE);
    CHECK(mj_log_close((mj_log *)nonsense[i]) == MJ_BAD_HANDLE);
  }
  CHECK(mj_log_close((mj_log *)second) == MJ_BAD_HANDLE);
  CHECK(mj_log_close(NULL) == MJ_OK);
  CHECK(mj_engine_free(second) == MJ_OK);
  /* So many, and no more. */
  mj_engine *many[1024] = {0}, *one_more = (mj_engine *)&answer;
  for (size_t i = 0; i < 1024; i++) {
    many[i] = engine();
  }
  CHECK(many[1023] != NULL);
  mj_options plain = options(NULL);
  CHECK(mj_engine_new(&plain, &one_more) == MJ_TOO_MANY_HANDLES && one_more == NULL);
  for (size_t i = 0; i < 1024; i++) {
    failed += mj_engine_free(many[i]) != MJ_OK;
  }
  CHECK(failed == 0);
}

static void engine_options(void) {
  mj_engine *made = (mj_engine *)&made;
  mj_options given = options(NULL);
  CHECK(mj_engine_new(NULL, &made) == MJ_NULL_ARGUMENT && made == NULL);
  CHECK(mj_engine_new(&given, NULL) == MJ_NULL_ARGUMENT);
  for (uint32_t size = 0; size < 8; size++) {
    given.struct_size = size;
    CHECK(mj_engine_new(&given, &made) == MJ_BAD_ABI && made == NULL);
  }
  /* A header without `config`, and one that has more behind it. */
  given.config = (const char *)(uintptr_t)0x0101010101010101;
  given.ports = (const mj_ports *)(uintptr_t)0x0101010101010101;
  for (given.struct_size = 8; given.struct_size < 8 + sizeof(char *); given.struct_size++) {
    CHECK(mj_engine_new(&given, &made) == MJ_OK && mj_engine_free(made) == MJ_OK);
  }
  /* One of 1.0, which had no ports. */
  for (given.config = NULL; given.struct_size < sizeof given; given.struct_size++) {
    CHECK(mj_engine_new(&given, &made) == MJ_OK && mj_engine_free(made) == MJ_OK);
  }
  given.ports = NULL;
  struct {
    mj_options known;
    char later[64];
  } future = {options(NULL), {1}};
  future.known.struct_size = sizeof future;
  CHECK(mj_engine_new(&future.known, &made) == MJ_OK && mj_engine_free(made) == MJ_OK);
  given = options(NULL);
  const uint32_t other[] = {0, 1, MJ_ABI_VERSION + 1, MJ_ABI_VERSION + (1 << 16), UINT32_MAX};
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    given.abi_version = other[i];
    CHECK(mj_engine_new(&given, &made) == MJ_BAD_ABI);
    CHECK_TEXT(mj_last_error_field(), "options.abi_version");
  }
  const char *wrong[] = {"", "[]", "{", "{\"servr\":{}}", "{\"server\":{}}", "{\"server\":{\"url\":\"https://h.example\",\"tokn\":\"t\"}}", "{\"server\":7}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    given = options(wrong[i]);
    CHECK(mj_engine_new(&given, &made) == MJ_BAD_REQUEST && made == NULL);
  }
  given = options("\xff");
  CHECK(mj_engine_new(&given, &made) == MJ_NOT_UTF8);
  CHECK_TEXT(mj_last_error_field(), "options.config");
}

/* An engine with a server: nobody listens there. Its threads take none of the host's signals. */
static void server(void) {
  mj_engine *made = NULL;
  mj_options given = options("{\"server\":{\"url\":\"http://127.0.0.1:9\",\"token\":\"t\"}}");
  char *answer = NULL, first[32];
  int there = 0, taking = 0;
  if (mj_engine_new(&given, &made) == MJ_BAD_FIELD) {
    CHECK_TEXT(mj_last_error_field(), "server");
    return;
  }
  CHECK(made != NULL);
  snprintf(first, sizeof first, "%ld", (long)getpid());
  foreign_threads(&there, &taking, first);
  CHECK(there > 0 && taking == 0);
  CHECK(mj_call(made, "visit.unpaid", "{\"patient_id\":\"P1\"}", &answer) == MJ_SERVER_UNREACHABLE && answer == NULL);
  CHECK_TEXT(mj_last_error_retry(), "same_key");
  CHECK(mj_call(made, "echo", ECHO, &answer) == MJ_OK && mj_string_free(answer) == MJ_OK);
  CHECK(mj_engine_free(made) == MJ_OK);
}

static void gb18030(void) {
  char *utf8 = NULL, *bytes = NULL;
  size_t len = 7;
  CHECK(mj_text_from_gb18030((const uint8_t *)"\xc3\xc5\xd5\xef", 4, &utf8) == MJ_OK);
  CHECK_TEXT(utf8, "\xe9\x97\xa8\xe8\xaf\x8a");
  CHECK(mj_text_to_gb18030(utf8, &bytes, &len) == MJ_OK && len == 4);
  CHECK_TEXT(bytes, "\xc3\xc5\xd5\xef");
  CHECK(mj_string_free(utf8) == MJ_OK && mj_string_free(bytes) == MJ_OK);
  CHECK(mj_text_from_gb18030(NULL, 0, &utf8) == MJ_OK);
  CHECK_TEXT(utf8, "");
  mj_string_free(utf8);
  CHECK(mj_text_to_gb18030("", &bytes, NULL) == MJ_OK && bytes[0] == '\0' && mj_string_free(bytes) == MJ_OK);
  /* Four bytes: U+20BB7, a rare character of names. */
  CHECK(mj_text_to_gb18030("\xf0\xa0\xae\xb7", &bytes, &len) == MJ_OK && len == 4);
  CHECK(mj_text_from_gb18030((const uint8_t *)bytes, len, &utf8) == MJ_OK);
  CHECK_TEXT(utf8, "\xf0\xa0\xae\xb7");
  CHECK(mj_string_free(utf8) == MJ_OK && mj_string_free(bytes) == MJ_OK);
  const char *broken[] = {"\xc3", "\xff", "\x80\xff", "a\xc3\xc5\xd5"};
  for (size_t i = 0; i < 4; i++) {
    CHECK(mj_text_from_gb18030((const uint8_t *)broken[i], strlen(broken[i]), &utf8) == MJ_NOT_UTF8 && utf8 == NULL);
  }
  CHECK(mj_text_from_gb18030((const uint8_t *)"a\0b", 3, &utf8) == MJ_NOT_UTF8);
  CHECK(mj_text_from_gb18030(NULL, 3, &utf8) == MJ_NULL_ARGUMENT);
  CHECK(mj_text_from_gb18030((const uint8_t *)"a", SIZE_MAX, &utf8) == MJ_TOO_LONG);
  CHECK(mj_text_from_gb18030((const uint8_t *)"a", 1, NULL) == MJ_NULL_ARGUMENT);
  CHECK(mj_text_to_gb18030(NULL, &bytes, &len) == MJ_NULL_ARGUMENT && bytes == NULL && len == 0);
  CHECK(mj_text_to_gb18030("a", NULL, &len) == MJ_NULL_ARGUMENT);
  CHECK(mj_text_to_gb18030("\xff", &bytes, &len) == MJ_NOT_UTF8);
}

#ifdef MJ_TESTING
static int told = 0;

static void on_message(const char *message, void *user_data) {
  char *answer = NULL;
  mj_engine *made = NULL;
  mj_options plain = options(NULL);
  told += user_data == &told && strstr(message, "message.rs:") != NULL && strstr(message, "4405") == NULL;
  /* Nothing that could wait for the call that we are in, or panic beside it. */
  told += mj_call(NULL, "echo", ECHO, &answer) == MJ_REENTRANT && answer == NULL;
  told += mj_engine_new(&plain, &made) == MJ_REENTRANT && mj_engine_free((mj_engine *)(uintptr_t)5) == MJ_REENTRANT && mj_on_message(NULL, NULL) == MJ_REENTRANT;
  told += mj_string_free(NULL) == MJ_OK && mj_abi_version() == MJ_ABI_VERSION && mj_testing_panic() == MJ_REENTRANT;
}

static void panics(void) {
  char *answer = NULL;
  CHECK(mj_testing_panic() == MJ_PANICKED);
  CHECK_TEXT(mj_last_error_kind(), "internal");
  CHECK_TEXT(mj_last_error_retry(), "after_query");
  CHECK(strstr(mj_last_error_json(), "4405") == NULL);
  CHECK(mj_on_message(on_message, &told) == MJ_OK);
  CHECK(mj_testing_panic() == MJ_PANICKED && told == 4);
  CHECK(mj_on_message(NULL, NULL) == MJ_OK);
  CHECK(mj_testing_panic() == MJ_PANICKED && told == 4);
  CHECK(mj_call(NULL, "echo", ECHO, &answer) == MJ_OK && mj_string_free(answer) == MJ_OK);
}
#endif

/* The hammer: shared engines are made, used, freed and freed again by everybody at once. */
enum { THREADS = 8, ENGINES = 4, ROUNDS = 400 };

static mj_engine *volatile shared[ENGINES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static mj_engine *peek(int at) {
  pthread_mutex_lock(&lock);
  mj_engine *found = shared[at];
  pthread_mutex_unlock(&lock);
  return found;
}

static void *hammer(void *given) {
  unsigned seed = (unsigned)(uintptr_t)given;
  size_t wrong = 0;
  for (int round = 0; round < ROUNDS; round++) {
    int at = (int)(rand_r(&seed) % ENGINES);
    mj_engine *target = peek(at);
    char *answer = NULL;
    mj_status status;
    switch (rand_r(&seed) % 5) {
      case 0:
        /* Whoever comes second frees a handle that is freed already. */
        status = mj_engine_free(target);
        wrong += status != MJ_OK && status != MJ_BAD_HANDLE;
        target = engine();
        wrong += target == NULL;
        pthread_mutex_lock(&lock);
        mj_engine *old = shared[at];
        shared[at] = target;
        pthread_mutex_unlock(&lock);
        status = mj_engine_free(old);
        wrong += status != MJ_OK && status != MJ_BAD_HANDLE;
        break;
      case 1:
        wrong += mj_call(target, "none", ECHO, &answer) == MJ_OK || answer != NULL;
        /* The error is this thread's. */
        wrong += mj_last_error_code() != MJ_UNKNOWN_OPERATION && mj_last_error_code() != MJ_BAD_HANDLE;
        break;
      default:
        status = mj_call(target, "bill.total", "{\"lines\":[{\"price\":\"3.265\",\"quantity\":\"28\"}]}", &answer);
        wrong += status == MJ_OK ? strstr(answer, "9142") == NULL : status != MJ_BAD_HANDLE;
        wrong += mj_last_error_code() != status || mj_string_free(answer) != MJ_OK;
    }
  }
  return (void *)(uintptr_t)wrong;
}

static void threads(void) {
  pthread_t all[THREADS];
  for (int i = 0; i < ENGINES; i++) {
    shared[i] = engine();
  }
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&all[i], NULL, hammer, (void *)(uintptr_t)(i + 1)) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *wrong = NULL;
    CHECK(pthread_join(all[i], &wrong) == 0 && wrong == NULL);
  }
  for (int i = 0; i < ENGINES; i++) {
    CHECK(mj_engine_free(shared[i]) == MJ_OK);
  }
  CHECK(mj_strings_outstanding() == 0);
}

int main(void) {
  versions();
  arguments();
  lengths();
  texts();
  handles();
  engine_options();
  server();
  gb18030();
#ifdef MJ_TESTING
  panics();
#endif
  threads();
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
