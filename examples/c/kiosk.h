/* What every kiosk of ours needs: calling what is computed here, reading files and JSON, telling errors. Needs cJSON; any JSON library does. */
#ifndef KIOSK_H
#define KIOSK_H

#include <cjson/cJSON.h>
#include <menjie.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tells the last error of this thread as a technician needs it. It never holds personal data, so it may go to a log file. */
static inline int complain(const char *what) {
  fprintf(stderr, "%s: %s\n", what, mj_last_error_json());
  return 1;
}

/* Runs an operation that needs no engine; NULL when it failed. The caller frees the result with cJSON_Delete. */
static inline cJSON *run(const char *op, const cJSON *request) {
  char *text = cJSON_PrintUnformatted(request), *response = NULL;
  cJSON *answer = NULL;
  if (text != NULL && mj_call(NULL, op, text, &response) == MJ_OK) {
    answer = cJSON_Parse(response);
  }
  cJSON_free(text);
  /* Texts of the library go back to the library: free() would be wrong. */
  mj_string_free(response);
  return answer;
}

static inline const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  return text ? text : "";
}

/* Amounts are whole fen, below 2^53, so the double that cJSON keeps is exact. Yuan are only ever made for display. */
static inline long long fen_of(const cJSON *object, const char *name) {
  return (long long)cJSON_GetNumberValue(cJSON_GetObjectItem(object, name));
}

static inline const char *yuan(long long fen) {
  static char text[32];
  snprintf(text, sizeof text, "%s%lld.%02lld", fen < 0 ? "-" : "", llabs(fen) / 100, llabs(fen) % 100);
  return text;
}

/* An amount as it stands on a ticket, 大写. */
static inline void print_amount(const char *what, long long fen) {
  cJSON *amount = cJSON_CreateObject();
  cJSON_AddNumberToObject(amount, "amount_fen", (double)fen);
  cJSON *words = run("invoice.amount_in_words", amount);
  printf("%s %s %s\n", what, yuan(fen), text_of(words, "words"));
  cJSON_Delete(words);
  cJSON_Delete(amount);
}

static inline char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  long size = 0;
  char *text = NULL;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
    text = calloc((size_t)size + 1, 1);
    if (text != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
      free(text);
      text = NULL;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return text;
}

/* The library that is loaded may be another one than the header was written for. */
static inline int fits(void) {
  if (mj_abi_version() >> 16 != MJ_ABI_VERSION >> 16 || mj_abi_version() < MJ_ABI_VERSION) {
    fprintf(stderr, "menjie %s does not fit this program\n", mj_version());
    return 0;
  }
  return 1;
}

#endif
