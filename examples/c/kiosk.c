/* A kiosk without a network: checks the charge lines that HIS gave it, makes bills of them, prices them, and keeps what it read in a sealed
 * log, which only the auditor's key opens.
 *
 *   kiosk UNPAID.json KEYS LOG
 *
 * UNPAID.json is a request of bill.group (docs/contract/bill.group.md). KEYS holds writer.pem, writer.pub, auditor.pem and auditor.pub, see
 * run.sh; on a real kiosk auditor.pem never lies beside the log. LOG is the log's directory.
 */
#include "kiosk.h"

/* Runs an operation; NULL when it failed. The caller frees the result with cJSON_Delete. */
static cJSON *run(const char *op, const cJSON *request) {
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

static void set_path(cJSON *object, const char *name, const char *folder, const char *file) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  cJSON_AddStringToObject(object, name, path);
}

/* Writes one record; answers the number of a BEGIN, 0 for an END, -1 when nothing was written. */
static long long record(mj_log *log, cJSON *entry) {
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

/* What HIS gave us, with a BEGIN on the disk before it is asked and an END behind it. */
static char *fetch(mj_log *log, const char *path) {
  cJSON *begin = cJSON_CreateObject();
  cJSON_AddStringToObject(begin, "what", "begin");
  cJSON_AddStringToObject(begin, "hospital", "h1");
  cJSON_AddStringToObject(begin, "direction", "out");
  cJSON_AddStringToObject(begin, "peer", "his");
  cJSON_AddStringToObject(begin, "interface", "unpaid");
  cJSON_AddStringToObject(begin, "business_no", "KIOSK-1");
  long long number = record(log, begin);
  if (number < 0) {
    /* No log, no call. */
    return NULL;
  }
  char *answer = read_file(path);
  cJSON *end = cJSON_CreateObject();
  cJSON_AddStringToObject(end, "what", "end");
  cJSON_AddNumberToObject(end, "of", (double)number);
  cJSON_AddStringToObject(end, "result", answer ? "answered" : "unknown");
  cJSON_AddStringToObject(end, "status", answer ? "200" : "timeout");
  cJSON_AddStringToObject(end, "body", answer ? answer : "");
  record(log, end);
  return answer;
}

/* 0 when the lines may be shown. */
static int check(const cJSON *unpaid) {
  cJSON *request = cJSON_Duplicate(unpaid, 1);
  cJSON_AddStringToObject(request, "today", "2026-03-10");
  cJSON *found = run("charge.validate", request);
  cJSON_Delete(request);
  if (found == NULL) {
    return complain("charge.validate");
  }
  int wrong = !cJSON_IsTrue(cJSON_GetObjectItem(found, "valid"));
  const cJSON *issue;
  cJSON_ArrayForEach(issue, cJSON_GetObjectItem(found, "errors")) { printf("  %s %s %s\n", text_of(issue, "rule"), text_of(issue, "path"), text_of(issue, "text")); }
  printf("checked: %s\n", wrong ? "refused" : "good");
  cJSON_Delete(found);
  return wrong;
}

static int show_bills(const cJSON *unpaid) {
  cJSON *grouped = run("bill.group", unpaid);
  if (grouped == NULL) {
    return complain("bill.group");
  }
  const cJSON *bill;
  cJSON_ArrayForEach(bill, cJSON_GetObjectItem(grouped, "bills")) {
    printf("%s %s %s (%d lines)\n", text_of(bill, "visit_id"), text_of(bill, "dept_name"), yuan(fen_of(bill, "total_fen")),
           cJSON_GetArraySize(cJSON_GetObjectItem(bill, "lines")));
  }
  cJSON *amount = cJSON_CreateObject();
  cJSON_AddNumberToObject(amount, "amount_fen", (double)fen_of(grouped, "payable_fen"));
  cJSON *words = run("invoice.amount_in_words", amount);
  printf("payable %s %s\n", yuan(fen_of(grouped, "payable_fen")), text_of(words, "words"));
  cJSON_Delete(words);
  cJSON_Delete(amount);
  cJSON_Delete(grouped);
  return 0;
}

/* What a mistake of ours looks like: the field is named, nothing is rounded. */
static void show_mistake(void) {
  char *response = NULL;
  mj_status status = mj_call(NULL, "invoice.amount_in_words", "{\"amount_fen\": 12.5}", &response);
  printf("refused: status %d, field %s, retry %s\n", (int)status, mj_last_error_field(), mj_last_error_retry());
}

/* What an auditor does with the log, on a machine of his own. */
static int audit(const char *keys, const char *log) {
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
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(found, "rows")) {
    /* Masked: names, numbers and free words are hidden. To see everything takes a reason, which is recorded (the member unmask). */
    int hidden = strstr(text_of(row, "response"), "\"item_name\":\"***\"") != NULL;
    printf("  %s %s %s %s%s\n", text_of(row, "peer"), text_of(row, "interface"), text_of(row, "result"), text_of(row, "status"), hidden ? ", masked" : "");
  }
  cJSON_Delete(found);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: kiosk UNPAID.json KEYS LOG\n");
    return 2;
  }
  if (!fits()) {
    return 2;
  }
  cJSON *writer = cJSON_CreateObject();
  cJSON_AddStringToObject(writer, "dir", argv[3]);
  set_path(writer, "signer", argv[2], "writer.pem");
  char auditor[1024];
  snprintf(auditor, sizeof auditor, "%s/auditor.pub", argv[2]);
  cJSON_AddItemToArray(cJSON_AddArrayToObject(writer, "auditors"), cJSON_CreateString(auditor));
  char *text = cJSON_PrintUnformatted(writer);
  mj_log *log = NULL;
  mj_status status = mj_log_open(text, &log);
  cJSON_free(text);
  cJSON_Delete(writer);
  if (status != MJ_OK) {
    return complain("the sealed log");
  }

  char *lines = fetch(log, argv[1]);
  cJSON *unpaid = lines ? cJSON_Parse(lines) : NULL;
  int wrong = unpaid == NULL || check(unpaid) || show_bills(unpaid);
  show_mistake();
  cJSON_Delete(unpaid);
  free(lines);
  if (mj_log_close(log) != MJ_OK) {
    wrong = 1;
  }
  return audit(argv[2], argv[3]) || wrong;
}
