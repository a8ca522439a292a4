/* Whose a table is: whatever fails, what was given is taken over and released exactly once, and places for results hold nothing. */
#include "tables.h"
#include "test.h"

static void streams_that_fail(void) {
  struct ArrowArrayStream stream, bills, bill_of;
  char *response = NULL;

  memset(&stream, 0, sizeof stream);
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST);
  CHECK(strstr(mj_last_error_json(), "was released before") != NULL);
  make_stream(&stream, 1)->schema_fails = 1;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST && strstr(mj_last_error_json(), "gave no schema") != NULL);
  make_stream(&stream, 1)->next_fails = 1;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST && strstr(mj_last_error_json(), "gave no rows") != NULL);
  make_stream(&stream, 1)->empty_schema = 1;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST && strstr(mj_last_error_json(), "schema that was released before") != NULL);
  make_stream(&stream, 1);
  stream.get_schema = NULL;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST && strstr(mj_last_error_json(), "without its functions") != NULL);
  make_stream(&stream, 1);
  stream.get_next = NULL;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST && strstr(mj_last_error_json(), "without its functions") != NULL);
  /* Its error is not asked for, so it may have none. */
  make_stream(&stream, 1)->next_fails = 1;
  stream.get_last_error = NULL;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_BAD_REQUEST);

  /* A function of the host that calls the library. */
  make_stream(&stream, 1)->calls_back = 1;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_OK && called_back == MJ_REENTRANT);
  mj_string_free(response);
  bills.release(&bills);
  bill_of.release(&bill_of);
  CHECK(mj_call(NULL, "echo", "{\"value\":1}", &response) == MJ_OK);
  mj_string_free(response);
  CHECK(live == 0 && twice == 0);
}

static void wrong_arguments(void) {
  struct ArrowArrayStream stream, other, place;
  struct ArrowSchema schema;
  struct ArrowArray array;
  column columns[COLUMNS];
  char *response = NULL;
  mj_table inputs[] = {{"lines", &stream}, {"lines", &other}};
  mj_table outputs[] = {{"bills", &place}};
  const mj_table nothing[] = {{"lines", NULL}}, nowhere[] = {{"bills", NULL}}, unnamed[] = {{NULL, &stream}};

  /* Whatever is wrong, what was given is taken over, and places hold nothing. */
  make_stream(&stream, 1);
  CHECK(mj_call_batch(NULL, "{}", inputs, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT && live == 0 && place.release == NULL);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", NULL, inputs, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT && live == 0);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 1, NULL) == MJ_NULL_ARGUMENT && live == 0);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "\xff", inputs, 1, outputs, 1, &response) == MJ_NOT_UTF8 && live == 0);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{\"what\":1}", inputs, 1, outputs, 1, &response) == MJ_BAD_REQUEST && live == 0 && response == NULL);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group", "{}", inputs, 1, NULL, 0, &response) == MJ_UNKNOWN_OPERATION && live == 0);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, NULL, 1, &response) == MJ_NULL_ARGUMENT && live == 0);
  CHECK_TEXT(mj_last_error_field(), "outputs");
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 17, &response) == MJ_TOO_LONG && live == 0);
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, nowhere, 1, &response) == MJ_NULL_ARGUMENT && live == 0);
  CHECK_TEXT(mj_last_error_field(), "outputs.stream");
  make_stream(&stream, 1);
  outputs[0].name = "receipts";
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 1, &response) == MJ_BAD_REQUEST && live == 0);
  outputs[0].name = NULL;
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT && live == 0);
  outputs[0].name = "bills";
  CHECK(mj_call_batch("bill.group_batch", "{}", nothing, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT);
  CHECK_TEXT(mj_last_error_field(), "inputs.stream");
  make_stream(&stream, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", unnamed, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT && live == 0);
  CHECK(mj_call_batch("bill.group_batch", "{}", NULL, 1, outputs, 1, &response) == MJ_NULL_ARGUMENT);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 17, outputs, 1, &response) == MJ_TOO_LONG);
  CHECK(mj_call_batch("bill.group_batch", "{}", NULL, 0, outputs, 1, &response) == MJ_BAD_REQUEST);
  CHECK_TEXT(mj_last_error_field(), "tables.lines");
  /* One table under two entries: the second is released already. Two tables of one name. A name that no operation has. */
  make_stream(&stream, 1);
  inputs[1].stream = &stream;
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 2, outputs, 1, &response) == MJ_BAD_REQUEST && live == 0);
  inputs[1].stream = &other;
  make_stream(&stream, 1);
  make_stream(&other, 1);
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 2, outputs, 1, &response) == MJ_BAD_REQUEST && live == 0);
  CHECK_TEXT(mj_last_error_field(), "tables.lines");
  make_stream(&stream, 1);
  inputs[0].name = "\xe5\xbc\xa0\xe4\xb8\x89";
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 1, &response) == MJ_BAD_REQUEST && live == 0);
  CHECK_TEXT(mj_last_error_field(), "tables.?");

  lines(columns);
  make_table(columns, COLUMNS, ROWS, &schema, &array);
  CHECK(mj_table_stream(NULL, &array, &place) == MJ_NULL_ARGUMENT && array.release != NULL && place.release == NULL);
  CHECK(mj_table_stream(&schema, NULL, &place) == MJ_NULL_ARGUMENT && schema.release != NULL);
  CHECK(mj_table_stream(&schema, &array, NULL) == MJ_NULL_ARGUMENT && schema.release != NULL && array.release != NULL);
  array.length = -1;
  CHECK(mj_table_stream(&schema, &array, &place) == MJ_BAD_REQUEST && schema.release == NULL && array.release == NULL && place.release == NULL);
  CHECK(mj_table_stream(&schema, &array, &place) == MJ_BAD_REQUEST);
  CHECK(live == 0 && twice == 0 && response == NULL);
}

int main(void) {
  streams_that_fail();
  wrong_arguments();
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
