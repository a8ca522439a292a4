/* ports KEYS LOG: an engine of this process with a HIS in C, asked and answered in every way there is, and in those that there should not be. */
#define _POSIX_C_SOURCE 200809L
#include <menjie.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "test.h"

#define UNPAID "{\"patient_id\":\"P1\"}"
#define ANNA "{\"patient\":\"P1\"}"
#define LINE(amount)                                                                                                                                             \
  "{\"outcome\":\"done\",\"value\":{\"visits\":[{\"visit_id\":\"V1\",\"patient_id\":\"P1\",\"date\":\"2026-03-10\",\"dept_code\":\"MZ\","                           \
  "\"dept_name\":\"\xe9\x97\xa8\xe8\xaf\x8a\"}],\"lines\":[{\"line_id\":\"D1\",\"patient_id\":\"P1\",\"visit_id\":\"V1\",\"kind\":\"drug\","                       \
  "\"fee_class\":\"09\",\"item_code\":\"ID1\",\"item_name\":\"A\",\"price\":\"3.2650\",\"quantity\":\"28\",\"amount_fen\":" amount                                  \
  ",\"order_dept_code\":\"MZ\",\"order_dept_name\":\"MZ\",\"order_no\":\"O1\",\"line_no\":1,\"pharmacy_code\":\"XYF\",\"pharmacy_name\":\"XYF\"}]}}"
#define GOOD LINE("9142")

_Static_assert(offsetof(mj_ports, threads) == 4 && offsetof(mj_ports, user_data) == 8 && offsetof(mj_ports, his) == 8 + sizeof(void *), "a table never changes its beginning");
_Static_assert(offsetof(mj_ports, log_copy) == 8 + 8 * sizeof(void *), "what came later stands at the end");
_Static_assert(sizeof(mj_ports) == 8 + 9 * sizeof(void *), "nobody pads the table");
_Static_assert(sizeof(mj_question) == 24 + 5 * sizeof(void *), "what a newer library knows stands behind this");
_Static_assert(offsetof(mj_question, token) == 8 && offsetof(mj_question, attempt) == 16 && offsetof(mj_question, port) == 24, "a question never changes its beginning");

static const char *keys, *folder;
/* What the configuration says of a copy of the log. */
static const char *copy = "";

/* What the HIS does with the next questions. */
typedef enum { BY_RETURN, WITHIN, LATER, TWICE, SILENT, SLOW, CALLS_BACK, NOT_UTF8, TEXT } habit;

typedef struct {
  habit habit;
  const char *text;
  mj_engine *engine;
  uint64_t token;
  int asked, freed, released;
  /* What went wrong in callbacks and on other threads; how many of those are through. */
  atomic_int wrong, through;
  /* The keeper of the log's copy: how often it was asked, and whether it may call back by now. */
  atomic_int copies, open, called_back;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} his;

static void *reply_later(void *given) {
  his *self = given;
  pthread_mutex_lock(&self->lock);
  uint64_t token = self->token;
  pthread_mutex_unlock(&self->lock);
  self->wrong += mj_port_reply(token, GOOD) != MJ_OK;
  /* It is answered once. */
  self->wrong += mj_port_reply(token, GOOD) != MJ_UNWANTED_ANSWER;
  self->through++;
  return NULL;
}

/* Everything that takes no engine may be done in a callback, and nothing else. */
static int calls_back(his *self) {
  char *answer = NULL, *gbk = NULL;
  mj_engine *made = NULL;
  mj_options plain = {0};
  plain.struct_size = sizeof plain;
  plain.abi_version = MJ_ABI_VERSION;
  int wrong = mj_call(NULL, "bill.total", "{\"lines\":[{\"price\":\"3.265\",\"quantity\":\"28\"}]}", &answer) != MJ_OK || strstr(answer, "9142") == NULL;
  mj_string_free(answer);
  wrong += mj_text_to_gb18030("\xe9\x97\xa8", &gbk, NULL) != MJ_OK || mj_string_free(gbk) != MJ_OK;
  wrong += mj_call(NULL, "none", "{}", &answer) != MJ_UNKNOWN_OPERATION || mj_last_error_code() != MJ_UNKNOWN_OPERATION;
  wrong += mj_call(self->engine, "echo", "{\"value\":1}", &answer) != MJ_REENTRANT || answer != NULL;
  wrong += mj_call_as(self->engine, ANNA, "visit.unpaid", UNPAID, &answer) != MJ_REENTRANT || answer != NULL;
  wrong += mj_last_error_code() != MJ_REENTRANT || strcmp(mj_last_error_field(), "callback") != 0;
  wrong += mj_engine_new(&plain, &made) != MJ_REENTRANT || made != NULL;
  wrong += mj_engine_free(self->engine) != MJ_REENTRANT;
  wrong += mj_on_message(NULL, NULL) != MJ_REENTRANT;
  wrong += mj_call(NULL, "bill.total", "{\"lines\":[]}", NULL) != MJ_NULL_ARGUMENT;
  return wrong;
}

static char *ask(const mj_question *question, void *user_data) {
  his *self = user_data;
  pthread_mutex_lock(&self->lock);
  habit todo = self->habit;
  const char *text = self->text;
  self->token = question->token;
  self->asked++;
  self->wrong += question->struct_size < sizeof *question || strcmp(question->port, "his") != 0 || strcmp(question->method, "his.unpaid") != 0;
  self->wrong += strcmp(question->hospital, "H1") != 0 || question->channel[0] != '\0' || strcmp(question->request, ANNA) != 0 || question->attempt != 1;
  self->wrong += question->timeout_ms == 0 || question->timeout_ms > 60000;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  pthread_t other;
  switch (todo) {
    case WITHIN:
      self->wrong += mj_port_reply(question->token, NULL) != MJ_NULL_ARGUMENT || mj_port_reply(question->token, "\xff") != MJ_NOT_UTF8;
      self->wrong += mj_port_reply(question->token, GOOD) != MJ_OK;
      return NULL;
    case LATER:
      self->wrong += pthread_create(&other, NULL, reply_later, self) != 0 || pthread_detach(other) != 0;
      return NULL;
    case TWICE:
      self->wrong += mj_port_reply(question->token, GOOD) != MJ_OK;
      return strdup("{\"outcome\":\"refused\",\"value\":{\"code\":\"E\",\"text\":\"late\"}}");
    case SILENT:
      return NULL;
    case SLOW:
      nanosleep(&(struct timespec){3, 0}, NULL);
      return strdup(GOOD);
    case CALLS_BACK:
      self->wrong += calls_back(self);
      return strdup(GOOD);
    case NOT_UTF8:
      return strdup("{\"outcome\":\"\xc4\xe3\"}");
    case TEXT:
      return strdup(text);
    default:
      return strdup(GOOD);
  }
}

static void free_answer(char *answer, void *user_data) {
  his *self = user_data;
  pthread_mutex_lock(&self->lock);
  self->freed++;
  pthread_mutex_unlock(&self->lock);
  free(answer);
}

static void release(void *user_data) {
  his *self = user_data;
  self->released++;
  self->wrong += mj_engine_free(self->engine) != MJ_REENTRANT;
}

static mj_ports table(his *self) {
  mj_ports ports = {0};
  ports.struct_size = sizeof ports;
  ports.user_data = self;
  ports.his = ask;
  ports.free_answer = free_answer;
  ports.release = release;
  return ports;
}

#define LANE "{\"act\":{\"steps_s\":[1],\"slow_s\":60},\"poll\":{\"steps_s\":[1],\"slow_s\":60},\"deadline_ms\":%d,\"slots\":8,\"overdue_s\":60}"

/* How long an answer may take: for ever and a day where it comes, also under valgrind, and not for long where it does not. */
enum { PATIENT = 20000, HURRIED = 2000 };

static const char *config(const char *host, int deadline) {
  static char text[4096];
  snprintf(text, sizeof text,
           "{\"log\":{\"folder\":\"%s\",\"signer\":\"%s/writer.pem\",\"auditors\":[\"%s/auditor.pub\"],\"reserve_mib\":0%s},\"hospitals\":[{\"id\":\"H1\",\"host\":%s,"
           "\"pace\":{\"his\":" LANE ",\"channel\":" LANE ",\"invoice\":" LANE ",\"lease_ms\":60000,\"idle_ms\":500,\"not_found_s\":60,\"recheck_s\":60}}]}",
           folder, keys, keys, copy, host, deadline, deadline, deadline);
  return text;
}

#define HIS "{\"his\":{\"lock\":false,\"query_post\":false,\"cancel_post\":false,\"notices\":false}}"

static mj_status open_engine(const char *text, const mj_ports *ports, mj_engine **engine) {
  mj_options given = {0};
  given.struct_size = sizeof given;
  given.abi_version = MJ_ABI_VERSION;
  given.config = text;
  given.ports = ports;
  return mj_engine_new(&given, engine);
}

static mj_status unpaid(mj_engine *engine, char **answer) { return mj_call_as(engine, ANNA, "visit.unpaid", UNPAID, answer); }

static void opening(his *self) {
  mj_engine *engine = NULL;
  mj_ports ports = table(self);
  for (uint32_t size = 0; size < 8 + sizeof(void *); size++) {
    ports.struct_size = size;
    CHECK(open_engine(config(HIS, PATIENT), &ports, &engine) == MJ_BAD_ABI && engine == NULL);
    CHECK_TEXT(mj_last_error_field(), "options.ports.struct_size");
  }
  /* A table that ends within the pointer to his function has none. */
  for (uint32_t size = 8 + sizeof(void *); size < 8 + 2 * sizeof(void *); size++) {
    ports.struct_size = size;
    CHECK(open_engine(config(HIS, PATIENT), &ports, &engine) == MJ_BAD_FIELD);
    CHECK_TEXT(mj_last_error_field(), "hospitals[0].host.his");
  }
  CHECK(open_engine(config(HIS, PATIENT), NULL, &engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "hospitals[0].host.his");
  ports = table(self);
  ports.threads = 65;
  CHECK(open_engine(config(HIS, PATIENT), &ports, &engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "ports.threads");
  ports = table(self);
  ports.his = NULL;
  CHECK(open_engine(config(HIS, PATIENT), &ports, &engine) == MJ_BAD_FIELD);
  ports = table(self);
  /* Ports and nobody to be asked for; ports beside a server: a hospital has one ledger. */
  CHECK(open_engine(NULL, &ports, &engine) == MJ_BAD_FIELD && engine == NULL);
  CHECK(open_engine("{\"server\":{\"url\":\"https://h.example\"}}", &ports, &engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "server");
  CHECK(open_engine("{\"server\":{\"url\":\"https://h.example\"},\"hospitals\":[]}", NULL, &engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "server");
  CHECK(open_engine(config("{\"his\":{\"lock\":1.5}}", PATIENT), &ports, &engine) == MJ_BAD_FIELD);
  CHECK(open_engine(config("{\"hiss\":{}}", PATIENT), &ports, &engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "hospitals[0].host.hiss");
  /* None of these is in use. */
  CHECK(self->released == 0 && self->asked == 0);
}

static void callers(mj_engine *engine) {
  char *answer = (char *)"stale";
  CHECK(mj_call(engine, "visit.unpaid", UNPAID, &answer) == MJ_BAD_FIELD && answer == NULL);
  CHECK_TEXT(mj_last_error_field(), "caller");
  CHECK(mj_call_as(engine, NULL, "visit.unpaid", UNPAID, &answer) == MJ_NULL_ARGUMENT);
  CHECK_TEXT(mj_last_error_field(), "caller");
  CHECK(mj_call_as(NULL, ANNA, "visit.unpaid", UNPAID, &answer) == MJ_NULL_ARGUMENT);
  CHECK_TEXT(mj_last_error_field(), "engine");
  CHECK(mj_call_as((mj_engine *)(uintptr_t)5, ANNA, "visit.unpaid", UNPAID, &answer) == MJ_BAD_HANDLE);
  CHECK(mj_call_as(engine, "\xff", "visit.unpaid", UNPAID, &answer) == MJ_NOT_UTF8);
  CHECK(mj_call_as(engine, "{\"patien\":\"P1\"}", "visit.unpaid", UNPAID, &answer) == MJ_BAD_REQUEST);
  CHECK_TEXT(mj_last_error_field(), "caller.patien");
  CHECK(mj_call_as(engine, "{}", "visit.unpaid", UNPAID, &answer) == MJ_BAD_FIELD);
  CHECK(mj_call_as(engine, "{\"patient\":\"P1\",\"staff\":\"S1\"}", "visit.unpaid", UNPAID, &answer) == MJ_BAD_FIELD);
  /* Another patient's charges are nobody's. */
  CHECK(mj_call_as(engine, "{\"patient\":\"P2\"}", "visit.unpaid", UNPAID, &answer) == MJ_NOT_FOUND && answer == NULL);
  CHECK(mj_call_as(engine, "{\"patient\":\"P1\",\"hospital\":\"H2\"}", "visit.unpaid", UNPAID, &answer) == MJ_NOT_FOUND);
  CHECK(mj_call_as(engine, ANNA, "echo", "{\"value\":1}", &answer) == MJ_OK && mj_string_free(answer) == MJ_OK);
  /* No ledger, no payment; and nobody is told that he has paid nothing. */
  static const char *const of_ledger[] = {"visit.paid", "settlement.get", "refund.list", "patient.filing", "audit.run"};
  for (size_t i = 0; i < sizeof of_ledger / sizeof *of_ledger; ++i) {
    CHECK(mj_call_as(engine, ANNA, of_ledger[i], "{}", &answer) != MJ_OK && answer == NULL);
    CHECK(strstr(mj_last_error_json(), "\"code\":700") != NULL && strstr(mj_last_error_json(), "no ledger") != NULL);
  }
  CHECK(mj_call_as(engine, ANNA, "settlement.pay", "{\"key\":\"k1\",\"quote_id\":\"1\",\"bill_ids\":[],\"channel\":\"wechat\",\"method\":{\"way\":\"native\"}}", &answer) != MJ_OK);
  CHECK(strstr(mj_last_error_json(), "\"code\":700") != NULL && strstr(mj_last_error_json(), "no ledger") != NULL);
}

static void answers(his *self, mj_engine *engine) {
  const habit good[] = {BY_RETURN, WITHIN, LATER, TWICE, CALLS_BACK};
  char *answer = NULL;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    self->habit = good[i];
    CHECK(unpaid(engine, &answer) == MJ_OK && strstr(answer, "\"payable_fen\":9142") != NULL);
    CHECK(mj_string_free(answer) == MJ_OK);
  }
  while (self->through == 0) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  }
  self->habit = NOT_UTF8;
  CHECK(unpaid(engine, &answer) == MJ_HIS_ANSWER && answer == NULL);
  CHECK(strstr(mj_last_error_json(), "is not UTF-8") != NULL);
  self->habit = TEXT;
  const char *amounts[] = {LINE("1.5"), LINE("1e300"), LINE("NaN"), LINE("\\u0022"), LINE("\"12.345\""), LINE("9007199254740993"), LINE("9142.0"), LINE("null")};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    self->text = amounts[i];
    CHECK(unpaid(engine, &answer) == MJ_HIS_ANSWER && answer == NULL);
    CHECK(i == 2 || i == 3 || strstr(mj_last_error_json(), "value.lines[0].amount_fen") != NULL);
    CHECK_TEXT(mj_last_error_kind(), "counterpart");
  }
  const char *wrong[] = {"", "[]", "{}", "{\"outcome\":\"done\"}", "{\"outcome\":\"yes\"}", "{\"outcome\":\"done\",\"outcome\":\"done\"}", GOOD "x"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    self->text = wrong[i];
    CHECK(unpaid(engine, &answer) == MJ_HIS_ANSWER && answer == NULL);
  }
  self->text = "{\"outcome\":\"refused\",\"value\":{\"code\":\"E7\",\"text\":\"\"}}";
  CHECK(unpaid(engine, &answer) == MJ_HIS_ANSWER && strstr(mj_last_error_json(), "E7") != NULL);
  self->text = "{\"outcome\":\"unsent\",\"value\":{\"code\":\"connect\",\"text\":\"\"}}";
  CHECK(unpaid(engine, &answer) == MJ_HIS_UNREACHABLE);
  CHECK(self->wrong == 0);
#ifdef MJ_TESTING
  CHECK(mj_call_as(engine, "{\"patient\":\"mj_testing_panic\"}", "visit.unpaid", "{\"patient_id\":\"mj_testing_panic\"}", &answer) == MJ_PANICKED && answer == NULL);
  CHECK(strstr(mj_last_error_json(), "4405") == NULL);
#endif
}

static void late(his *self) {
  char *answer = NULL;
  mj_ports ports = table(self);
  mj_engine *engine = NULL;
  CHECK(open_engine(config(HIS, HURRIED), &ports, &engine) == MJ_OK);
  self->released = 0;
  self->engine = engine;
  uint64_t before = mj_port_unwanted_answers();
  self->habit = SILENT;
  mj_status status = unpaid(engine, &answer);
  /* On a machine that is busy nobody may have been asked yet: that is told, and is no lateness. */
  for (int i = 0; i < 20 && status == MJ_HIS_UNREACHABLE && strstr(mj_last_error_json(), "\"busy\"") != NULL; i++) {
    status = unpaid(engine, &answer);
  }
  CHECK(status == MJ_HIS_UNREACHABLE && strstr(mj_last_error_json(), "deadline") != NULL);
  CHECK(mj_port_reply(self->token, GOOD) == MJ_UNWANTED_ANSWER);
  CHECK_TEXT(mj_last_error_field(), "token");
  const uint64_t nobody[] = {0, 1, self->token + 1000000, UINT64_MAX};
  for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
    CHECK(mj_port_reply(nobody[i], GOOD) == MJ_UNWANTED_ANSWER);
  }
  CHECK(mj_port_unwanted_answers() == before + 5);
  /* One that comes back too late: nobody waits, and freeing waits for it. */
  self->habit = SLOW;
  CHECK(unpaid(engine, &answer) == MJ_HIS_UNREACHABLE);
  int freed = self->freed;
  CHECK(mj_engine_free(engine) == MJ_OK);
  CHECK(self->released == 1 && self->freed == freed + 1);
}

enum { THREADS = 6, ROUNDS = 40 };

static void *caller(void *given) {
  his *self = given;
  size_t wrong = 0;
  for (int i = 0; i < ROUNDS; i++) {
    char *answer = NULL;
    mj_status status = unpaid(self->engine, &answer);
    wrong += status == MJ_OK ? strstr(answer, "9142") == NULL : status != MJ_HIS_UNREACHABLE && status != MJ_BAD_HANDLE;
    wrong += mj_string_free(answer) != MJ_OK;
  }
  return (void *)(uintptr_t)wrong;
}

static void *freer(void *given) {
  his *self = given;
  return (void *)(uintptr_t)mj_engine_free(self->engine);
}

/* Everybody at once, and the engine is freed under them while answers are out. */
static void threads(his *self) {
  pthread_t all[THREADS], end;
  mj_ports ports = table(self);
  void *wrong = NULL;
  self->released = 0;
  ports.threads = 3;
  CHECK(open_engine(config(HIS, PATIENT), &ports, &self->engine) == MJ_OK);
  self->habit = BY_RETURN;
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&all[i], NULL, caller, self) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(all[i], &wrong) == 0 && wrong == NULL);
  }
  CHECK(mj_engine_free(self->engine) == MJ_OK && self->released == 1);
  CHECK(open_engine(config(HIS, HURRIED), &ports, &self->engine) == MJ_OK);
  self->habit = SILENT;
  int before = self->asked;
  CHECK(pthread_create(&all[0], NULL, caller, self) == 0);
  pthread_mutex_lock(&self->lock);
  while (self->asked == before) {
    pthread_cond_wait(&self->changed, &self->lock);
  }
  pthread_mutex_unlock(&self->lock);
  CHECK(pthread_create(&end, NULL, freer, self) == 0);
  CHECK(pthread_join(end, &wrong) == 0 && wrong == NULL);
  CHECK(pthread_join(all[0], &wrong) == 0 && wrong == NULL);
  CHECK(self->released == 2);
  CHECK(mj_engine_free(self->engine) == MJ_BAD_HANDLE);
  CHECK(mj_port_reply(self->token, GOOD) == MJ_UNWANTED_ANSWER);
}

/* Puts the bytes of base64 into a file, from `offset` on; the file ends behind them when it is closed. */
static int put(const char *name, long offset, const char *base64, int closed) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char path[512];
  snprintf(path, sizeof path, "%s-copy/%s", folder, name);
  FILE *file = fopen(path, "r+b");
  file = file == NULL ? fopen(path, "w+b") : file;
  if (file == NULL || fseek(file, offset, SEEK_SET) != 0) {
    return 1;
  }
  uint32_t bits = 0;
  int have = 0, wrong = 0;
  for (const char *at = base64; *at != '\0' && *at != '='; at++) {
    const char *digit = strchr(digits, *at);
    if (digit == NULL) {
      wrong++;
      break;
    }
    bits = (bits << 6) | (uint32_t)(digit - digits);
    have += 6;
    if (have >= 8) {
      have -= 8;
      wrong += putc((int)((bits >> have) & 255), file) == EOF;
    }
  }
  wrong += fflush(file) != 0 || (closed && ftruncate(fileno(file), ftell(file)) != 0);
  return wrong + (fclose(file) != 0);
}

static char *keep(const mj_question *question, void *user_data) {
  his *self = user_data;
  int nth = ++self->copies;
  self->wrong += strcmp(question->port, "log") != 0 || strcmp(question->method, "log.copy") != 0 || question->hospital[0] != '\0' || question->channel[0] != '\0';
  if (nth == 2) {
    /* The same is handed over once more, later. */
    return strdup("{\"outcome\":\"refused\",\"value\":{\"code\":\"full\",\"text\":\"\"}}");
  }
  self->wrong += question->attempt != (nth == 3 ? 2 : 1);
  if (self->open && !self->called_back) {
    self->wrong += calls_back(self);
    self->called_back = 1;
  }
  json *piece = json_read(question->request, strlen(question->request));
  const json *bytes = json_member(piece, "bytes"), *file = json_member(piece, "file"), *offset = json_member(piece, "offset");
  self->wrong += put(file->text, strtol(offset->raw, NULL, 10), bytes->text, json_is(json_member(piece, "closed"), "true"));
  json_free(piece);
  if (nth % 2 == 0) {
    self->wrong += mj_port_reply(question->token, "{\"outcome\":\"done\"}") != MJ_OK;
    return NULL;
  }
  return strdup("{\"outcome\":\"done\"}");
}

static int behind(void) {
  char request[512], *answer = NULL;
  snprintf(request, sizeof request, "{\"dir\":\"%s\"}", folder);
  CHECK(mj_call(NULL, "seal.copied", request, &answer) == MJ_OK && answer != NULL);
  int left = strstr(answer, "\"behind_bytes\":0,") == NULL;
  CHECK(mj_string_free(answer) == MJ_OK);
  return left;
}

/* The program keeps a second copy of the log; with a table from before that it cannot. */
static void copies(his *self) {
  char text[2048], *answer = NULL;
  snprintf(text, sizeof text, "%s-copy", folder);
  CHECK(mkdir(text, 0700) == 0);
  copy = ",\"copy\":{\"piece_kib\":1}";
  mj_ports ports = table(self);
  ports.log_copy = keep;
  for (ports.struct_size = offsetof(mj_ports, log_copy); ports.struct_size < sizeof ports; ports.struct_size++) {
    CHECK(open_engine(config(HIS, PATIENT), &ports, &self->engine) == MJ_BAD_FIELD);
    CHECK_TEXT(mj_last_error_field(), "log.copy");
  }
  ports.log_copy = NULL;
  CHECK(open_engine(config(HIS, PATIENT), &ports, &self->engine) == MJ_BAD_FIELD);
  CHECK_TEXT(mj_last_error_field(), "log.copy");
  ports.log_copy = keep;
  self->released = 0;
  self->habit = BY_RETURN;
  CHECK(open_engine(config(HIS, PATIENT), &ports, &self->engine) == MJ_OK);
  self->open = 1;
  for (int i = 0; i < 4; i++) {
    CHECK(unpaid(self->engine, &answer) == MJ_OK && mj_string_free(answer) == MJ_OK);
  }
  for (int i = 0; i < 2000 && (behind() || !self->called_back); i++) {
    nanosleep(&(struct timespec){0, 10000000}, NULL);
  }
  CHECK(self->called_back && !behind());
  CHECK(mj_engine_free(self->engine) == MJ_OK && self->released == 1);
  CHECK(self->copies > 6 && !behind());
  snprintf(text, sizeof text, "{\"dir\":\"%s-copy\",\"writers\":[\"%s/writer.pub\"],\"key\":\"%s/auditor.pem\"}", folder, keys, keys);
  CHECK(mj_call(NULL, "seal.verify", text, &answer) == MJ_OK);
  CHECK(answer != NULL && strstr(answer, "\"verdict\":\"sound\"") != NULL && strstr(answer, "\"records\":0,") == NULL);
  CHECK(mj_string_free(answer) == MJ_OK);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    return 2;
  }
  keys = argv[1];
  folder = argv[2];
  his self = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  opening(&self);
  mj_ports ports = table(&self);
  CHECK(open_engine(config(HIS, PATIENT), &ports, &self.engine) == MJ_OK);
  if (self.engine == NULL) {
    fprintf(stderr, "%s\n", mj_last_error_json());
    return summary();
  }
  /* The table was copied. */
  memset(&ports, 0xff, sizeof ports);
  callers(self.engine);
  answers(&self, self.engine);
  CHECK(mj_engine_free(self.engine) == MJ_OK);
  CHECK(self.released == 1 && self.freed > 0 && self.wrong == 0);
  late(&self);
  threads(&self);
  copies(&self);
  CHECK(self.wrong == 0 && mj_strings_outstanding() == 0);
  return summary();
}
