/* A kiosk with a HIS of its own: the engine of this process asks the program's functions, which know how to reach the hospital's HIS, and makes
 * bills of what they answer. Every exchange is in the sealed log, BEGIN before the HIS is asked.
 *
 *   own_his UNPAID.json KEYS LOG
 *
 * UNPAID.json stands for what the HIS holds. The engine has no ledger, so it lists and pays nothing: a hospital has one ledger, and payments go
 * to its server ({"server": …}), or to a library that was built with `full`.
 */
#include "kiosk.h"

/* What the functions of the table share. A real one holds a connection, and a lock for it: several questions are put at once. */
typedef struct {
  const char *path;
  int reachable;
} hospital;

static char *copy(const char *text) {
  char *answer = malloc(strlen(text) + 1);
  return answer ? strcpy(answer, text) : NULL;
}

/* The HIS is asked. What is not known to have happened is never "refused": money moves on that word. */
static char *ask_his(const mj_question *question, void *user_data) {
  const hospital *his = user_data;
  if (strcmp(question->method, "his.unpaid") != 0) {
    return copy("{\"outcome\":\"refused\",\"value\":{\"code\":\"not_here\",\"text\":\"this HIS only lists charges\"}}");
  }
  if (!his->reachable) {
    return copy("{\"outcome\":\"unsent\",\"value\":{\"code\":\"connect\",\"text\":\"no connection\"}}");
  }
  cJSON *request = cJSON_Parse(question->request), *answer = cJSON_CreateObject();
  char *lines = strcmp(text_of(request, "patient"), "P1") == 0 ? read_file(his->path) : copy("{\"visits\":[],\"lines\":[]}");
  cJSON_AddStringToObject(answer, "outcome", "done");
  cJSON_AddItemToObject(answer, "value", lines ? cJSON_Parse(lines) : NULL);
  char *text = cJSON_PrintUnformatted(answer), *given = text ? copy(text) : NULL;
  cJSON_free(text);
  cJSON_Delete(answer);
  cJSON_Delete(request);
  free(lines);
  /* NULL would mean that mj_port_reply follows; a program that cannot answer says so. */
  return given ? given : copy("{\"outcome\":\"unknown\",\"value\":{\"code\":\"memory\",\"text\":\"\"}}");
}

static void free_answer(char *answer, void *user_data) {
  (void)user_data;
  free(answer);
}

static mj_engine *open_engine(const hospital *his, const char *keys, const char *log) {
  char config[4096];
  /* What this HIS can do: it lists. Paths with quotes or backslashes would have to be escaped. */
  snprintf(config, sizeof config,
           "{\"log\":{\"folder\":\"%s\",\"signer\":\"%s/writer.pem\",\"auditors\":[\"%s/auditor.pub\"],\"reserve_mib\":0},"
           "\"hospitals\":[{\"id\":\"H1\",\"host\":{\"his\":{\"lock\":false,\"query_post\":false,\"cancel_post\":false,\"notices\":false}}}]}",
           log, keys, keys);
  mj_ports ports = {0};
  ports.struct_size = sizeof ports;
  ports.user_data = (void *)his;
  ports.his = ask_his;
  ports.free_answer = free_answer;
  mj_options options = {0};
  options.struct_size = sizeof options;
  options.abi_version = MJ_ABI_VERSION;
  options.config = config;
  options.ports = &ports;
  mj_engine *engine = NULL;
  return mj_engine_new(&options, &engine) == MJ_OK ? engine : NULL;
}

/* Lists what a patient, who has identified himself at this kiosk, owes. */
static int show_unpaid(mj_engine *engine, const char *patient) {
  char caller[256], request[256], *response = NULL;
  snprintf(caller, sizeof caller, "{\"patient\":\"%s\"}", patient);
  snprintf(request, sizeof request, "{\"patient_id\":\"%s\"}", patient);
  if (mj_call_as(engine, caller, "visit.unpaid", request, &response) != MJ_OK) {
    printf("%s: status %d, retry %s\n", patient, (int)mj_last_error_code(), mj_last_error_retry());
    return 1;
  }
  cJSON *unpaid = cJSON_Parse(response);
  mj_string_free(response);
  const cJSON *visit, *bill;
  cJSON_ArrayForEach(visit, cJSON_GetObjectItem(unpaid, "visits")) {
    cJSON_ArrayForEach(bill, cJSON_GetObjectItem(visit, "bills")) {
      printf("%s %s %s\n", text_of(bill, "visit_id"), text_of(bill, "dept_name"), yuan(fen_of(bill, "total_fen")));
    }
  }
  printf("%s: payable %s\n", patient, yuan(fen_of(unpaid, "payable_fen")));
  cJSON_Delete(unpaid);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: own_his UNPAID.json KEYS LOG\n");
    return 2;
  }
  if (!fits()) {
    return 2;
  }
  hospital his = {argv[1], 1};
  mj_engine *engine = open_engine(&his, argv[2], argv[3]);
  if (engine == NULL) {
    return complain("the engine");
  }
  int wrong = show_unpaid(engine, "P1") || show_unpaid(engine, "P2");
  his.reachable = 0;
  wrong = wrong || !show_unpaid(engine, "P1");
  /* After this nobody calls ask_his any more, and `his` may go. */
  if (mj_engine_free(engine) != MJ_OK) {
    wrong = 1;
  }
  return wrong;
}
