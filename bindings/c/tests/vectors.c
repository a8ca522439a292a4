/* Replays the shared vectors (tests/vectors, the same files as every host) through mj_call: vectors FILE… */
#include <menjie.h>
#include <stdlib.h>

#include "json.h"
#include "test.h"

static char *whole_file(const char *path, size_t *len) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return NULL;
  }
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *bytes = malloc((size_t)size + 1);
  *len = fread(bytes, 1, (size_t)size, file);
  bytes[*len] = '\0';
  fclose(file);
  return bytes;
}

static char *copy(const char *start, size_t len) {
  char *text = malloc(len + 1);
  memcpy(text, start, len);
  text[len] = '\0';
  return text;
}

/* The request with the folder of its files: MENJIE_VECTOR_FILES, a fresh copy of tests/vectors/seal/files. */
static char *staged(char *text) {
  static const char mark[] = "$files";
  const char *folder = getenv("MENJIE_VECTOR_FILES");
  for (char *at = strstr(text, mark); at != NULL && folder != NULL; at = strstr(text, mark)) {
    char *longer = malloc(strlen(text) + strlen(folder) + 1);
    memcpy(longer, text, (size_t)(at - text));
    strcpy(longer + (at - text), folder);
    strcat(longer, at + sizeof mark - 1);
    free(text);
    text = longer;
  }
  return text;
}

static int number_is(const json *value, mj_status status) {
  return value != NULL && value->kind == JSON_WORD && atoi(value->raw) == status;
}

static int is_envelope(const json *failure) {
  static const char *members[] = {"code", "kind", "retry", "message", "context"};
  size_t n = 0;
  for (const json *member = failure->first; member != NULL; member = member->next) {
    n++;
  }
  for (size_t i = 0; i < 5; i++) {
    if (json_member(failure, members[i]) == NULL) {
      return 0;
    }
  }
  return n == 5;
}

/* Is this the failure that the vector wants? */
static int is_failure(const json *wanted, mj_status status) {
  const char *text = mj_last_error_json();
  json *failure = json_read(text, strlen(text));
  int good = failure != NULL && is_envelope(failure) && number_is(json_member(wanted, "code"), status) && number_is(json_member(failure, "code"), status);
  good = good && mj_last_error_code() == status && json_is(json_member(failure, "kind"), mj_last_error_kind());
  good = good && json_is(json_member(failure, "retry"), mj_last_error_retry()) && json_is(json_member(failure, "message"), mj_last_error_message());
  const json *context = json_member(wanted, "context"), *got = failure ? json_member(failure, "context") : NULL;
  for (const json *member = context ? context->first : NULL; good && member != NULL; member = member->next) {
    good = json_equal(member, json_member(got, member->key));
  }
  json_free(failure);
  return good;
}

static void one(const char *path, const char *op, const json *test) {
  const json *name = json_member(test, "name"), *request = json_member(test, "request"), *raw = json_member(test, "request_text");
  const json *response = json_member(test, "response"), *error = json_member(test, "error");
  char *text = staged(request != NULL ? copy(request->raw, request->raw_len) : copy(raw->text, raw->text_len));
  char *answer = (char *)"not written";
  mj_status status = mj_call(NULL, op, text, &answer);
  int good;
  if (response != NULL) {
    json *got = status == MJ_OK && answer != NULL ? json_read(answer, strlen(answer)) : NULL;
    good = got != NULL && json_equal(got, response) && mj_last_error_code() == MJ_OK && mj_last_error_json()[0] == '\0';
    json_free(got);
  } else {
    good = status != MJ_OK && answer == NULL && is_failure(error, status);
  }
  if (!good) {
    fprintf(stderr, "%s / %s: status %d, answer %s, error %s\n", path, name ? name->text : "?", (int)status, answer ? answer : "none", mj_last_error_json());
  }
  CHECK(good);
  mj_string_free(answer);
  free(text);
}

/* Is the operation in this library? Only those of channels may be left out of a build. */
static int is_there(const char *op) {
  char *info = NULL, wanted[64];
  snprintf(wanted, sizeof wanted, "\"name\":\"%s\"", op);
  int found = mj_build_info(&info) == MJ_OK && strstr(info, wanted) != NULL;
  mj_string_free(info);
  CHECK(found || strncmp(op, "channel.", 8) == 0);
  return found;
}

/* Is the file for us? Without a list it is for every host. */
static int is_ours(const json *hosts) {
  int found = hosts == NULL;
  for (const json *host = hosts ? hosts->first : NULL; host != NULL; host = host->next) {
    found = found || json_is(host, "c");
  }
  return found;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    size_t len = 0;
    char *bytes = whole_file(argv[i], &len);
    json *document = bytes ? json_read(bytes, len) : NULL;
    const json *op = json_member(document, "op"), *cases = json_member(document, "cases");
    CHECK(op != NULL && cases != NULL && cases->first != NULL);
    if (op != NULL && is_ours(json_member(document, "hosts")) && is_there(op->text)) {
      for (const json *test = cases ? cases->first : NULL; test != NULL; test = test->next) {
        one(argv[i], op->text, test);
      }
    }
    json_free(document);
    free(bytes);
  }
  CHECK(passed > 150);
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
