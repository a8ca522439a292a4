/* A kiosk of a hospital that has a server: a patient lays his card on it, sees what he owes, pays it by a code on the screen, gets a receipt,
 * asks for money back, and goes. Nothing is kept here but a sealed log of what was asked: the ledger is the server's.
 *
 *   server_kiosk URL CARD KEYS LOG
 *
 * URL is the server's address, CARD what the card reader read (a number of a visit card), KEYS and LOG as in sealed.h. Beside ./x demo: URL is
 * http://127.0.0.1:8080, CARD K20000001, and the code is paid at http://127.0.0.1:9401/wechat. KIOSK_QR names a program that draws what it reads
 * as a QR code: KIOSK_QR="qrencode -t UTF8".
 */
#define _POSIX_C_SOURCE 200809L /* popen */
#include <stdlib.h>
#include <time.h>

#include "sealed.h"

typedef struct {
  mj_engine *server;
  mj_log *log;
  /* Who stands here; empty when nobody does. */
  char patient[128];
  /* Keys of this stay begin with it: a repeat under the same key is the same act. */
  char stay[64];
} kiosk;

/* Requests of more than a text or two are put together by the caller. */
static cJSON *with(const char *name, const char *value) {
  cJSON *request = cJSON_CreateObject();
  cJSON_AddStringToObject(request, name, value);
  return request;
}

static void add_key(cJSON *request, const kiosk *here, const char *act) {
  char key[80];
  snprintf(key, sizeof key, "%s-%s", here->stay, act);
  cJSON_AddStringToObject(request, "key", key);
}

/* Asks the server, with both ends of it in the log; NULL when it failed, which is told. The request is used up. */
static cJSON *ask(const kiosk *here, const char *op, cJSON *request) {
  char *text = cJSON_PrintUnformatted(request), *response = NULL;
  cJSON *answer = NULL;
  cJSON_Delete(request);
  /* What is not known is asked again, under the same key. */
  for (int again = 0; answer == NULL && again < 3; again++) {
    long long number = begin(here->log, "server", op, text);
    if (number < 0) {
      break;
    }
    mj_status status = mj_call(here->server, op, text, &response);
    if (status != MJ_OK) {
      /* Before the log is called: the last error is of the last call. */
      complain(op);
    }
    char code[8];
    snprintf(code, sizeof code, "%d", (int)status);
    end(here->log, number, status == MJ_SERVER_UNREACHABLE ? "unsent" : status == MJ_SERVER_UNKNOWN ? "unknown" : "answered", code, status == MJ_OK ? response : mj_last_error_json());
    answer = status == MJ_OK ? cJSON_Parse(response) : NULL;
    mj_string_free(response);
    response = NULL;
    if (status != MJ_SERVER_UNREACHABLE && status != MJ_SERVER_UNKNOWN) {
      break;
    }
  }
  cJSON_free(text);
  return answer;
}

/* A refusal by rule is an answer: its texts are for the patient. */
static int refused(const cJSON *answer) {
  if (strcmp(text_of(answer, "decision"), "refused") != 0) {
    return 0;
  }
  printf("不能办理（%s）：%s %s\n", text_of(answer, "reason"), text_of(answer, "text"), text_of(answer, "next"));
  return 1;
}

/* The card opens a session; the engine keeps its token and makes every later call as this patient. */
static int enter(kiosk *here, const char *card) {
  cJSON *request = with("way", "visit_no");
  cJSON_AddStringToObject(request, "token", card);
  cJSON *answer = ask(here, "session.identify", request);
  if (answer == NULL) {
    return 1;
  }
  /* Several files of one document ("choose") belong to session.choose; a visit card has one. */
  int wrong = refused(answer) || strcmp(text_of(answer, "decision"), "identified") != 0;
  if (!wrong) {
    printf("您好，%s\n", text_of(answer, "name"));
    snprintf(here->patient, sizeof here->patient, "%s", text_of(answer, "patient_id"));
  }
  cJSON_Delete(answer);
  return wrong;
}

/* Lists what he owes; the ids of the bills that he can pay here, NULL when there are none. */
static cJSON *list_unpaid(const kiosk *here) {
  cJSON *unpaid = ask(here, "visit.unpaid", with("patient_id", here->patient));
  if (unpaid == NULL) {
    return NULL;
  }
  cJSON *payable = cJSON_CreateArray();
  const cJSON *visit, *bill;
  cJSON_ArrayForEach(visit, cJSON_GetObjectItem(unpaid, "visits")) {
    cJSON_ArrayForEach(bill, cJSON_GetObjectItem(visit, "bills")) {
      printf("待缴 %s %s\n", text_of(bill, "dept_name"), yuan(fen_of(bill, "total_fen")));
      if (cJSON_IsTrue(cJSON_GetObjectItem(bill, "payable"))) {
        cJSON_AddItemToArray(payable, cJSON_CreateString(text_of(bill, "bill_id")));
      }
    }
  }
  printf("合计 %s\n", yuan(fen_of(unpaid, "payable_fen")));
  cJSON_Delete(unpaid);
  if (cJSON_GetArraySize(payable) == 0) {
    cJSON_Delete(payable);
    return NULL;
  }
  return payable;
}

/* Fixes the price of bills and begins to pay them; the payment, or NULL. The bills are used up. */
static cJSON *begin_payment(const kiosk *here, cJSON *bills) {
  cJSON *request = with("patient_id", here->patient);
  cJSON_AddItemToObject(request, "bill_ids", bills);
  cJSON *quote = ask(here, "settlement.quote", request), *payment = NULL;
  if (quote != NULL && !refused(quote)) {
    request = with("quote_id", text_of(quote, "quote_id"));
    cJSON_AddStringToObject(request, "channel", "wechat");
    cJSON_AddItemToObject(request, "method", with("way", "native"));
    add_key(request, here, "pay");
    payment = ask(here, "settlement.pay", request);
    if (payment != NULL && refused(payment)) {
      cJSON_Delete(payment);
      payment = NULL;
    }
  }
  cJSON_Delete(quote);
  return payment;
}

/* Draws the code, so that a phone can scan it. A kiosk has a toolkit for that; a terminal has a program. */
static void draw(const char *code) {
  const char *program = getenv("KIOSK_QR");
#ifdef _WIN32
  FILE *drawing = program != NULL ? _popen(program, "w") : NULL;
#else
  FILE *drawing = program != NULL ? popen(program, "w") : NULL;
#endif
  if (drawing == NULL) {
    return;
  }
  fputs(code, drawing);
#ifdef _WIN32
  _pclose(drawing);
#else
  pclose(drawing);
#endif
}

/* Follows a payment until nothing changes any more; its last view, or NULL. The code can be paid once, and stands here until it is or is over:
 * what the payer's phone says is no proof, the server's answer is. */
static cJSON *follow(const kiosk *here, const char *payment) {
  double version = -1;
  int shown = 0;
  for (;;) {
    cJSON *request = with("payment_id", payment);
    cJSON_AddNumberToObject(request, "wait_ms", 5000);
    if (version >= 0) {
      cJSON_AddNumberToObject(request, "since", version);
    }
    cJSON *view = ask(here, "settlement.get", request);
    if (view == NULL) {
      return NULL;
    }
    const char *code = text_of(cJSON_GetObjectItem(view, "handover"), "code_url");
    if (!shown && *code != '\0') {
      shown = 1;
      printf("请扫码支付 %s\n", code);
      fflush(stdout);
      draw(code);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItem(view, "over"))) {
      return view;
    }
    version = cJSON_GetNumberValue(cJSON_GetObjectItem(view, "version"));
    cJSON_Delete(view);
  }
}

/* The receipt of one settlement, as its printer gets it. */
static int print_receipt(const kiosk *here, const char *settlement) {
  cJSON *detail = ask(here, "settlement.detail", with("settlement_id", settlement));
  if (detail == NULL) {
    return 1;
  }
  printf("---- 缴费凭条 ----\n%s  就诊日期 %s\n", text_of(detail, "dept_name"), text_of(detail, "visit_date"));
  const cJSON *line;
  cJSON_ArrayForEach(line, cJSON_GetObjectItem(detail, "lines")) {
    printf("  %s %s × %s = %s\n", text_of(line, "name"), text_of(line, "price"), text_of(line, "quantity"), yuan(fen_of(line, "amount_fen")));
  }
  print_amount("实收", fen_of(detail, "total_fen"));
  printf("收据号 %s\n缴费时间 %s\n", text_of(detail, "receipt_no"), text_of(detail, "paid_at"));
  cJSON_Delete(detail);
  return 0;
}

/* Pays everything that can be paid here. */
static int pay(const kiosk *here) {
  cJSON *bills = list_unpaid(here);
  cJSON *payment = bills ? begin_payment(here, bills) : NULL;
  cJSON *view = payment ? follow(here, text_of(payment, "payment_id")) : NULL;
  int wrong = view == NULL || strcmp(text_of(view, "progress"), "done") != 0;
  if (view != NULL) {
    printf("%s\n", text_of(view, "text"));
  }
  const cJSON *settlement, *settlements = wrong ? NULL : (const cJSON *)cJSON_GetObjectItem(view, "settlements");
  cJSON_ArrayForEach(settlement, settlements) { wrong |= print_receipt(here, text_of(settlement, "settlement_id")); }
  cJSON_Delete(view);
  cJSON_Delete(payment);
  return wrong;
}

/* Asks for the money of what an insurer has paid a part of. Of another month the rule says no, whatever is asked, and the answer says why. */
static int ask_back(const kiosk *here) {
  cJSON *paid = ask(here, "visit.paid", with("patient_id", here->patient));
  if (paid == NULL) {
    return 1;
  }
  int wrong = 0, asked = 0;
  const cJSON *settlement;
  cJSON_ArrayForEach(settlement, cJSON_GetObjectItem(paid, "settlements")) {
    if (cJSON_GetObjectItem(settlement, "insurance") == NULL || asked) {
      continue;
    }
    asked = 1;
    printf("申请退费 %s %s\n", text_of(settlement, "dept_name"), yuan(fen_of(settlement, "total_fen")));
    cJSON *request = with("settlement_id", text_of(settlement, "settlement_id"));
    cJSON_AddStringToObject(request, "why", "changed");
    add_key(request, here, "refund");
    cJSON *answer = ask(here, "refund.request", request);
    wrong = answer == NULL;
    if (answer != NULL && !refused(answer)) {
      printf("已受理，请等待审核\n");
    }
    cJSON_Delete(answer);
  }
  cJSON_Delete(paid);
  return wrong;
}

static int leave(kiosk *here) {
  cJSON *left = ask(here, "session.exit", cJSON_CreateObject());
  cJSON_Delete(left);
  here->patient[0] = '\0';
  return left == NULL;
}

/* Repeats of one question, as those for a payment, are one line. */
static void show_exchange(const cJSON *row) {
  static char last[64];
  if (strcmp(last, text_of(row, "interface")) != 0) {
    snprintf(last, sizeof last, "%s", text_of(row, "interface"));
    printf("  %s %s %s %s\n", text_of(row, "peer"), last, text_of(row, "result"), text_of(row, "status"));
  }
}

static mj_engine *open_engine(const char *url) {
  cJSON *config = cJSON_CreateObject();
  cJSON_AddItemToObject(config, "server", with("url", url));
  char *text = cJSON_PrintUnformatted(config);
  mj_options options = {0};
  options.struct_size = sizeof options;
  options.abi_version = MJ_ABI_VERSION;
  options.config = text;
  mj_engine *engine = NULL;
  mj_engine_new(&options, &engine);
  cJSON_free(text);
  cJSON_Delete(config);
  return engine;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: server_kiosk URL CARD KEYS LOG\n");
    return 2;
  }
  if (!fits()) {
    return 2;
  }
  kiosk here = {0};
  snprintf(here.stay, sizeof here.stay, "K01-%lld", (long long)time(NULL));
  here.server = open_engine(argv[1]);
  if (here.server == NULL) {
    return complain("the server");
  }
  here.log = open_log(argv[3], argv[4]);
  if (here.log == NULL) {
    return complain("the sealed log");
  }
  int wrong = enter(&here, argv[2]) || pay(&here) || ask_back(&here);
  /* Whatever happened: nobody after him acts as him. */
  wrong |= leave(&here);
  if (mj_engine_free(here.server) != MJ_OK || mj_log_close(here.log) != MJ_OK) {
    wrong = 1;
  }
  return audit(argv[3], argv[4], show_exchange) || wrong;
}
