/* Results of a batch: what comes of a table is what the JSON operation says, by columns. */
#include "tables.h"
#include "test.h"

/* The one chunk of a result, and its schema. */
static void read_result(struct ArrowArrayStream *stream, struct ArrowSchema *schema, struct ArrowArray *array) {
  struct ArrowArray end;
  memset(array, 0, sizeof *array);
  memset(schema, 0, sizeof *schema);
  CHECK(stream->get_schema(stream, schema) == 0 && schema->release != NULL);
  CHECK(stream->get_next(stream, array) == 0 && array->release != NULL);
  CHECK(stream->get_next(stream, &end) == 0 && end.release == NULL);
  stream->release(stream);
  CHECK(stream->release == NULL);
}

static const struct ArrowArray *child_of(const struct ArrowSchema *schema, const struct ArrowArray *array, const char *name, const char *format) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    if (strcmp(schema->children[i]->name, name) == 0) {
      CHECK_TEXT(schema->children[i]->format, format);
      return array->children[i];
    }
  }
  CHECK(!"the column is there");
  return NULL;
}

static const char *json_request =
    "{\"visits\":[{\"visit_id\":\"V1\",\"patient_id\":\"P1\",\"date\":\"2026-03-10\",\"dept_code\":\"MZ\",\"dept_name\":\"M\"},"
    "{\"visit_id\":\"V2\",\"patient_id\":\"P1\",\"date\":\"2026-03-10\",\"dept_code\":\"MZ\",\"dept_name\":\"M\"}],\"lines\":["
    "{\"line_id\":\"L1\",\"patient_id\":\"P1\",\"visit_id\":\"V1\",\"kind\":\"drug\",\"fee_class\":\"09\",\"item_code\":\"I1\",\"item_name\":\"A\",\"price\":\"3.2650\","
    "\"quantity\":\"28\",\"amount_fen\":9142,\"order_dept_code\":\"MZ\",\"order_dept_name\":\"M\",\"exec_dept_code\":\"JYK\",\"exec_dept_name\":\"J\"},"
    "{\"line_id\":\"L2\",\"patient_id\":\"P1\",\"visit_id\":\"V1\",\"kind\":\"service\",\"fee_class\":\"04\",\"item_code\":\"I2\",\"item_name\":\"B\",\"price\":\"20\","
    "\"quantity\":\"1\",\"amount_fen\":2000,\"order_dept_code\":\"MZ\",\"order_dept_name\":\"M\",\"exec_dept_code\":\"JYK\",\"exec_dept_name\":\"J\"},"
    "{\"line_id\":\"L3\",\"patient_id\":\"P1\",\"visit_id\":\"V1\",\"kind\":\"material\",\"fee_class\":\"08\",\"item_code\":\"I3\",\"item_name\":\"C\",\"price\":\"0.4560\","
    "\"quantity\":\"3\",\"amount_fen\":137,\"order_dept_code\":\"MZ\",\"order_dept_name\":\"M\"},"
    "{\"line_id\":\"L4\",\"patient_id\":\"P1\",\"visit_id\":\"V2\",\"kind\":\"service\",\"fee_class\":\"02\",\"item_code\":\"I4\",\"item_name\":\"D\",\"price\":\"25\","
    "\"quantity\":\"1\",\"amount_fen\":2500,\"order_dept_code\":\"MZ\",\"order_dept_name\":\"M\",\"exec_dept_code\":\"MZ\",\"exec_dept_name\":\"M\"}]}";

static void grouped_as_by_json(void) {
  struct ArrowArrayStream stream, bills, bill_of;
  struct ArrowSchema schema;
  struct ArrowArray array;
  char *response = NULL, *json = NULL;
  make_stream(&stream, 1);
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_OK);
  CHECK(stream.release == NULL && live == 0 && twice == 0);
  CHECK_TEXT(response, "{\"lines\":4,\"bills\":3,\"netted\":0}");
  mj_string_free(response);
  CHECK(mj_call(NULL, "bill.group", json_request, &json) == MJ_OK);

  read_result(&bills, &schema, &array);
  CHECK(array.length == 3);
  const struct ArrowArray *ids = child_of(&schema, &array, "bill_id", "u"), *totals = child_of(&schema, &array, "total_fen", "l");
  if (ids != NULL && totals != NULL) {
    const int32_t *ends = ids->buffers[1];
    const int64_t *sums = totals->buffers[1];
    CHECK(sums[0] == 11142 && sums[1] == 137 && sums[2] == 2500);
    for (int i = 0; i < 3; i++) {
      char id[33] = {0};
      CHECK(ends[i + 1] - ends[i] == 32);
      memcpy(id, (const char *)ids->buffers[2] + ends[i], 32);
      CHECK(json != NULL && strstr(json, id) != NULL);
    }
  }
  array.release(&array);
  schema.release(&schema);

  read_result(&bill_of, &schema, &array);
  const struct ArrowArray *bill = child_of(&schema, &array, "bill", "I"), *netted = child_of(&schema, &array, "netted", "b");
  if (bill != NULL && netted != NULL) {
    const uint32_t *of = bill->buffers[1];
    CHECK(of[0] == 0 && of[1] == 0 && of[2] == 1 && of[3] == 2);
    CHECK((((const uint8_t *)netted->buffers[1])[0] & 0x0f) == 0);
  }
  array.release(&array);
  schema.release(&schema);
  mj_string_free(json);
}

/* An array with an offset, through mj_table_stream; a stream without rows; results that nobody asks for. */
static void pairs_and_parts(void) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  struct ArrowArrayStream stream, bills;
  column columns[COLUMNS];
  char *response = NULL;
  lines(columns);
  make_table(columns, COLUMNS, ROWS, &schema, &array);
  array.offset = 1;
  array.length = 2;
  CHECK(mj_table_stream(&schema, &array, &stream) == MJ_OK && schema.release == NULL && array.release == NULL && live > 0);
  mj_table inputs[] = {{"lines", &stream}};
  mj_table outputs[] = {{"bills", &bills}};
  CHECK(mj_call_batch("bill.group_batch", "{\"totalling\":\"sum_of_lines\"}", inputs, 1, outputs, 1, &response) == MJ_OK);
  CHECK_TEXT(response, "{\"lines\":2,\"bills\":2,\"netted\":0}");
  mj_string_free(response);
  bills.release(&bills);
  CHECK(live == 0 && twice == 0);

  make_stream(&stream, 0);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, NULL, 0, &response) == MJ_OK);
  CHECK_TEXT(response, "{\"lines\":0,\"bills\":0,\"netted\":0}");
  mj_string_free(response);
  /* The same lines in two chunks: each is there twice, and the second is named. */
  make_stream(&stream, 2);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, NULL, 0, &response) == MJ_DUPLICATE_LINE && response == NULL);
  CHECK_TEXT(mj_last_error_field(), "lines[4].line_id");
  CHECK(live == 0 && twice == 0);

  /* A stream that is given unread. */
  make_table(columns, COLUMNS, ROWS, &schema, &array);
  CHECK(mj_table_stream(&schema, &array, &stream) == MJ_OK);
  stream.release(&stream);
  CHECK(live == 0 && twice == 0);
}

int main(void) {
  grouped_as_by_json();
  pairs_and_parts();
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
