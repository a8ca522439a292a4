/* What every kiosk of ours needs: reading files, reading JSON, telling errors. Needs cJSON; any JSON library does. */
#ifndef KIOSK_H
#define KIOSK_H

#include <cjson/cJSON.h>
#include <menjie.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tells the last error of this thread as a technician needs it. It never holds personal data, so it may go to a log file. */
static int complain(const char *what) {
  fprintf(stderr, "%s: %s\n", what, mj_last_error_json());
  return 1;
}

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  return text ? text : "";
}

/* Amounts are whole fen, below 2^53, so the double that cJSON keeps is exact. Yuan are only ever made for display. */
static long long fen_of(const cJSON *object, const char *name) {
  return (long long)cJSON_GetNumberValue(cJSON_GetObjectItem(object, name));
}

static const char *yuan(long long fen) {
  static char text[32];
  snprintf(text, sizeof text, "%s%lld.%02lld", fen < 0 ? "-" : "", llabs(fen) / 100, llabs(fen) % 100);
  return text;
}

static char *read_file(const char *path) {
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
static int fits(void) {
  if (mj_abi_version() >> 16 != MJ_ABI_VERSION >> 16 || mj_abi_version() < MJ_ABI_VERSION) {
    fprintf(stderr, "menjie %s does not fit this program\n", mj_version());
    return 0;
  }
  return 1;
}

#endif
