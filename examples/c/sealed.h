/* The sealed log of a kiosk: a BEGIN on the disk before anything is asked, an END behind it, and what an auditor does with it on a machine of
 * his own. KEYS holds writer.pem, writer.pub, auditor.pem and auditor.pub, see run.sh; on a real kiosk auditor.pem never lies beside the log. */
#ifndef SEALED_H
#define SEALED_H

#include "kiosk.h"

static inline void set_path(cJSON *object, const char *name, const char *folder, const char *file) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  cJSON_AddStringToObject(object, name, path);
}

/* Keeps a log open for writing; NULL when it cannot be opened. One process at a time. */
static inline mj_log *open_log(const char *keys, const char *folder) {
  cJSON *writer = cJSON_CreateObject();
  cJSON_AddStringToObject(writer, "dir", folder);
  set_path(writer, "signer", keys, "writer.pem");
  char auditor[1024];
  snprintf(auditor, sizeof auditor, "%s/auditor.pub", keys);
  cJSON_AddItemToArray(cJSON_AddArrayToObject(writer, "auditors"), cJSON_CreateString(auditor));
  char *text = cJSON_PrintUnformatted(writer);
  mj_log *log = NULL;
  mj_log_open(text, &log);
  cJSON_free(text);
  cJSON_Delete(writer);
  return log;
}

/* Writes one record; answers the number of a BEGIN, 0 for an END, -1 when nothing was written. */
static inline long long write_record(mj_log *log, cJSON *entry) {
  cJSON *request = cJSON_CreateObject(), *answer = NULL;
  cJSON_AddItemToArray(cJSON_AddArrayToObject(request, "records"), entry);
  char *text = cJSON_PrintUnformatted(request), *response = NULL;
  long long number = -1;
  if (mj_log_append(log, text, &response) == MJ_OK && (answer = cJSON_Parse(response)) != NULL) {
    const cJSON *begun = cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "begun"), 0);
    number = begun ? (long long)cJSON_GetNumberValue(begun) : 0;
  }
  cJSON_Delete(answer);
  cJSON_Delete(request);
  cJSON_free(text);
  mj_string_free(response);
  return number;
}

/* Says that `peer` is about to be asked. -1: no log, so nobody may be asked. */
static inline long long begin(mj_log *log, const char *peer, const char *interface, const char *body) {
  cJSON *record = cJSON_CreateObject();
  cJSON_AddStringToObject(record, "what", "begin");
  cJSON_AddStringToObject(record, "hospital", "h1");
  cJSON_AddStringToObject(record, "direction", "out");
  cJSON_AddStringToObject(record, "peer", peer);
  cJSON_AddStringToObject(record, "interface", interface);
  cJSON_AddStringToObject(record, "body", body);
  return write_record(log, record);
}

/* Says how it ended: "answered", "unsent" or "unknown", and what came. */
static inline void end(mj_log *log, long long of, const char *result, const char *status, const char *body) {
  cJSON *record = cJSON_CreateObject();
  cJSON_AddStringToObject(record, "what", "end");
  cJSON_AddNumberToObject(record, "of", (double)of);
  cJSON_AddStringToObject(record, "result", result);
  cJSON_AddStringToObject(record, "status", status);
  cJSON_AddStringToObject(record, "body", body);
  write_record(log, record);
}

/* Verifies the log, and shows its exchanges, oldest first, masked: names, numbers and free words are hidden. To see everything takes a reason,
 * which is recorded (the member unmask). */
static inline int audit(const char *keys, const char *log, void (*show)(const cJSON *row)) {
  cJSON *request = cJSON_CreateObject();
  cJSON_AddStringToObject(request, "dir", log);
  cJSON *writers = cJSON_AddArrayToObject(request, "writers");
  char path[1024];
  snprintf(path, sizeof path, "%s/writer.pub", keys);
  cJSON_AddItemToArray(writers, cJSON_CreateString(path));
  set_path(request, "key", keys, "auditor.pem");
  cJSON *verified = run("seal.verify", request);
  cJSON_Delete(request);
  if (verified == NULL) {
    return complain("seal.verify");
  }
  printf("log: %s\n", text_of(verified, "verdict"));
  cJSON_Delete(verified);

  request = cJSON_CreateObject();
  cJSON *reader = cJSON_AddObjectToObject(request, "log");
  cJSON_AddStringToObject(reader, "dir", log);
  set_path(reader, "key", keys, "auditor.pem");
  cJSON *found = run("seal.search", request);
  cJSON_Delete(request);
  if (found == NULL) {
    return complain("seal.search");
  }
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(found, "rows")) { show(row); }
  cJSON_Delete(found);
  return 0;
}

#endif
