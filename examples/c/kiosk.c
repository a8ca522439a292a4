/* A kiosk without a network: checks the charge lines that HIS gave it, makes bills of them, prices them, and keeps what it read in a sealed
 * log, which only the auditor's key opens.
 *
 *   kiosk UNPAID.json KEYS LOG
 *
 * UNPAID.json is a request of bill.group (docs/contract/bill.group.md), KEYS holds the keys of the log (sealed.h), LOG is its directory.
 */
#include "sealed.h"

/* What HIS gave us, with a BEGIN on the disk before it is asked and an END behind it. */
static char *fetch(mj_log *log, const char *path) {
  long long number = begin(log, "his", "unpaid", "");
  if (number < 0) {
    /* No log, no call. */
    return NULL;
  }
  char *answer = read_file(path);
  end(log, number, answer ? "answered" : "unknown", answer ? "200" : "timeout", answer ? answer : "");
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
  print_amount("payable", fen_of(grouped, "payable_fen"));
  cJSON_Delete(grouped);
  return 0;
}

/* What a mistake of ours looks like: the field is named, nothing is rounded. */
static void show_mistake(void) {
  char *response = NULL;
  mj_status status = mj_call(NULL, "invoice.amount_in_words", "{\"amount_fen\": 12.5}", &response);
  printf("refused: status %d, field %s, retry %s\n", (int)status, mj_last_error_field(), mj_last_error_retry());
}

static void show_exchange(const cJSON *row) {
  int hidden = strstr(text_of(row, "response"), "\"item_name\":\"***\"") != NULL;
  printf("  %s %s %s %s%s\n", text_of(row, "peer"), text_of(row, "interface"), text_of(row, "result"), text_of(row, "status"), hidden ? ", masked" : "");
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: kiosk UNPAID.json KEYS LOG\n");
    return 2;
  }
  if (!fits()) {
    return 2;
  }
  mj_log *log = open_log(argv[2], argv[3]);
  if (log == NULL) {
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
  return audit(argv[2], argv[3], show_exchange) || wrong;
}
