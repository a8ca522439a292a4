/* Tables over Arrow's C data interface, made by hand: what comes of them is what the JSON operation says; and everything that can be wrong with
 * one is told by a status, with every structure released exactly once. */
#include <menjie.h>
#include <stdlib.h>

#include "test.h"

/* Structures that were made and not released yet; releases of what was released already are counted apart. */
static int live = 0;
static int twice = 0;

/* What a structure owns, whatever the tests have written into the structure itself. */
typedef struct {
  int children;
  struct ArrowSchema *schemas;
  struct ArrowArray *arrays;
  void *dictionary;
  void *pointers;
  void *values;
} owner;

static owner *own(void) {
  live++;
  return calloc(1, sizeof(owner));
}

static void disown(owner *owned) {
  if (owned == NULL) {
    twice++;
    return;
  }
  free(owned->schemas);
  free(owned->arrays);
  free(owned->dictionary);
  free(owned->pointers);
  free(owned->values);
  free(owned);
  live--;
}

static void release_schema(struct ArrowSchema *schema) {
  owner *owned = schema->private_data;
  for (int i = 0; owned != NULL && i < owned->children; i++) {
    struct ArrowSchema *child = &owned->schemas[i];
    if (child->private_data != NULL) {
      release_schema(child);
    }
  }
  if (owned != NULL && owned->dictionary != NULL) {
    release_schema(owned->dictionary);
  }
  disown(owned);
  schema->private_data = NULL;
  schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
  owner *owned = array->private_data;
  for (int i = 0; owned != NULL && i < owned->children; i++) {
    struct ArrowArray *child = &owned->arrays[i];
    if (child->private_data != NULL) {
      release_array(child);
    }
  }
  if (owned != NULL && owned->dictionary != NULL) {
    release_array(owned->dictionary);
  }
  disown(owned);
  array->private_data = NULL;
  array->release = NULL;
}

/* A column of a test: its format, and its buffers as they stand in memory. */
typedef struct {
  const char *name;
  const char *format;
  /* Of the values, when it is a dictionary. */
  const char *values_format;
  const void *validity;
  const void *first;
  const void *second;
  const void *values_first;
  const void *values_second;
  int64_t nulls;
} column;

static void make_schema(struct ArrowSchema *schema, const char *format, const char *name) {
  memset(schema, 0, sizeof *schema);
  schema->format = format;
  schema->name = name;
  schema->flags = ARROW_FLAG_NULLABLE;
  schema->release = release_schema;
  schema->private_data = own();
}

static int buffers_of(const char *format) {
  return strcmp(format, "u") == 0 || strcmp(format, "U") == 0 ? 3 : 2;
}

static void make_array(struct ArrowArray *array, int64_t length, int64_t nulls, int buffers, const void *validity, const void *first, const void *second) {
  owner *owned = own();
  const void **pointers = calloc(3, sizeof *pointers);
  pointers[0] = validity;
  pointers[1] = first;
  pointers[2] = second;
  owned->pointers = pointers;
  memset(array, 0, sizeof *array);
  array->length = length;
  array->null_count = nulls;
  array->n_buffers = buffers;
  array->buffers = pointers;
  array->release = release_array;
  array->private_data = owned;
}

/* Schema and array of a table: a struct with the columns as children. */
static void make_table(const column *columns, int count, int64_t rows, struct ArrowSchema *schema, struct ArrowArray *array) {
  make_schema(schema, "+s", "");
  make_array(array, rows, 0, 1, NULL, NULL, NULL);
  owner *of_schema = schema->private_data, *of_array = array->private_data;
  of_schema->children = of_array->children = count;
  of_schema->schemas = calloc((size_t)count, sizeof(struct ArrowSchema));
  of_array->arrays = calloc((size_t)count, sizeof(struct ArrowArray));
  struct ArrowSchema **schemas = calloc((size_t)count, sizeof *schemas);
  struct ArrowArray **arrays = calloc((size_t)count, sizeof *arrays);
  of_schema->values = schemas;
  of_array->values = arrays;
  for (int i = 0; i < count; i++) {
    const column *from = &columns[i];
    schemas[i] = &of_schema->schemas[i];
    arrays[i] = &of_array->arrays[i];
    make_schema(schemas[i], from->format, from->name);
    make_array(arrays[i], rows, from->nulls, buffers_of(from->format), from->validity, from->first, from->second);
    if (from->values_format != NULL) {
      struct ArrowSchema *values = malloc(sizeof *values);
      struct ArrowArray *dictionary = malloc(sizeof *dictionary);
      make_schema(values, from->values_format, NULL);
      make_array(dictionary, 3, 0, buffers_of(from->values_format), NULL, from->values_first, from->values_second);
      ((owner *)schemas[i]->private_data)->dictionary = schemas[i]->dictionary = values;
      ((owner *)arrays[i]->private_data)->dictionary = arrays[i]->dictionary = dictionary;
    }
  }
  schema->n_children = array->n_children = count;
  schema->children = schemas;
  array->children = arrays;
}

/* Four lines of one patient: two visits, three departments, one line without an executing one. */
enum { ROWS = 4, COLUMNS = 12 };
static const int32_t four_ends[] = {0, 2, 4, 6, 8};
static const int64_t four_long_ends[] = {0, 2, 4, 6, 8};
static const int64_t amounts[] = {9142, 2000, 137, 2500};
static const int64_t quantities[] = {280000, 10000, 30000, 10000};
/* Little-endian 128-bit numbers with four decimals: 3.2650, 20.0000, 0.4560, 25.0000. */
static const uint64_t prices[] = {32650, 0, 200000, 0, 4560, 0, 250000, 0};
static const int8_t kinds[] = {0, 1, 2, 1};
static const int32_t kind_ends[] = {0, 4, 11, 19};
static const uint8_t exec_there[] = {0x0b};
static const int32_t exec_ends[] = {0, 3, 6, 6, 8};
static const int32_t doses[] = {1, 1, 1, 1};

static void lines(column *into) {
  const column all[COLUMNS] = {
      {"line_id", "u", NULL, NULL, four_ends, "L1L2L3L4", NULL, NULL, 0},
      {"patient_id", "U", NULL, NULL, four_long_ends, "P1P1P1P1", NULL, NULL, 0},
      {"visit_id", "u", NULL, NULL, four_ends, "V1V1V1V2", NULL, NULL, 0},
      {"kind", "c", "u", NULL, kinds, NULL, kind_ends, "drugservicematerial", 0},
      {"fee_class", "u", NULL, NULL, four_ends, "09040802", NULL, NULL, -1},
      {"item_code", "u", NULL, NULL, four_ends, "I1I2I3I4", NULL, NULL, 0},
      {"price", "d:12,4", NULL, NULL, prices, NULL, NULL, NULL, 0},
      {"quantity_e4", "l", NULL, NULL, quantities, NULL, NULL, NULL, 0},
      {"amount_fen", "l", NULL, NULL, amounts, NULL, NULL, NULL, 0},
      {"order_dept_code", "u", NULL, NULL, four_ends, "MZMZMZMZ", NULL, NULL, 0},
      {"exec_dept_code", "u", NULL, exec_there, exec_ends, "JYKJYKMZ", NULL, NULL, 1},
      {"doses", "i", NULL, NULL, doses, NULL, NULL, NULL, 0},
  };
  memcpy(into, all, sizeof all);
}

/* A stream over the lines, so many times; its functions may be told to fail. */
typedef struct {
  int chunks;
  int given;
  int schema_fails;
  int next_fails;
  int empty_schema;
  int calls_back;
  column columns[COLUMNS];
  void (*spoil)(struct ArrowSchema *schema, struct ArrowArray *array);
} source;

static mj_status called_back = -1;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  source *from = stream->private_data;
  struct ArrowArray array;
  if (from->schema_fails) {
    return 5;
  }
  if (from->empty_schema) {
    return 0;
  }
  if (from->calls_back) {
    char *answer = NULL;
    called_back = mj_call(NULL, "echo", "{\"value\":1}", &answer);
  }
  make_table(from->columns, COLUMNS, ROWS, out, &array);
  if (from->spoil != NULL) {
    from->spoil(out, &array);
  }
  if (array.private_data != NULL) {
    release_array(&array);
  }
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  source *from = stream->private_data;
  struct ArrowSchema schema;
  if (from->next_fails) {
    return 12;
  }
  if (from->given == from->chunks) {
    memset(out, 0, sizeof *out);
    return 0;
  }
  from->given++;
  make_table(from->columns, COLUMNS, ROWS, &schema, out);
  if (from->spoil != NULL) {
    from->spoil(&schema, out);
  }
  if (schema.private_data != NULL) {
    release_schema(&schema);
  }
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
  free(stream->private_data);
  live--;
  stream->private_data = NULL;
  stream->release = NULL;
}

static source *make_stream(struct ArrowArrayStream *stream, int chunks) {
  source *from = calloc(1, sizeof *from);
  live++;
  from->chunks = chunks;
  lines(from->columns);
  stream->get_schema = get_schema;
  stream->get_next = get_next;
  stream->get_last_error = get_last_error;
  stream->release = release_stream;
  stream->private_data = from;
  return from;
}

/* Groups a stream; both results are asked for. */
static mj_status group(struct ArrowArrayStream *stream, struct ArrowArrayStream *bills, struct ArrowArrayStream *bill_of, char **response) {
  const mj_table inputs[] = {{"lines", stream}};
  const mj_table outputs[] = {{"lines", bill_of}, {"bills", bills}};
  return mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 2, response);
}

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

/* Which children a spoiled structure is about. */
enum { LINE_ID = 0, PATIENT_ID = 1, KIND = 3, PRICE = 6, AMOUNT = 8, EXEC = 10, DOSES = 11 };

static const int32_t going_back[] = {0, 4, 2, 6, 8};
static const int32_t below_zero[] = {-2, 0, 2, 4, 6};
static const int32_t within[] = {0, 1, 4, 6, 8};
static const int8_t beyond[] = {0, 3, 9, 1};
static const int32_t negative_doses[] = {1, -1, 1, 1};
static const int64_t huge_long_ends[] = {0, 2, 4, INT64_MIN, 8};

#define SPOIL(name, body)                                                                                                                                       \
  static void name(struct ArrowSchema *schema, struct ArrowArray *array) {                                                                                      \
    (void)schema;                                                                                                                                               \
    (void)array;                                                                                                                                                \
    body;                                                                                                                                                       \
  }

SPOIL(no_struct, schema->format = "l")
SPOIL(no_format, schema->format = NULL)
SPOIL(no_columns, schema->n_children = 0)
SPOIL(negative_columns, schema->n_children = -1)
SPOIL(many_columns, schema->n_children = INT64_MAX)
SPOIL(null_columns, schema->children = NULL)
SPOIL(null_column, schema->children[AMOUNT] = NULL)
SPOIL(null_format, schema->children[AMOUNT]->format = NULL)
SPOIL(empty_format, schema->children[AMOUNT]->format = "")
SPOIL(garbage_format, schema->children[AMOUNT]->format = "d:9999999999999999999,-,,,")
SPOIL(binary_format, schema->children[AMOUNT]->format = "\xff\xfe")
SPOIL(narrow, schema->children[AMOUNT]->format = "i")
SPOIL(floating, schema->children[AMOUNT]->format = "g")
SPOIL(fine_scale, schema->children[PRICE]->format = "d:12,8")
SPOIL(below_scale, schema->children[PRICE]->format = "d:12,-2")
SPOIL(whole_price, schema->children[PRICE]->format = "l")
SPOIL(null_name, schema->children[AMOUNT]->name = NULL)
SPOIL(binary_name, schema->children[AMOUNT]->name = "\xff")
SPOIL(unknown_name, schema->children[AMOUNT]->name = "amount")
SPOIL(same_name, schema->children[AMOUNT]->name = "line_id")
SPOIL(plain_dictionary, schema->children[KIND]->dictionary = NULL; array->children[KIND]->dictionary = NULL)
SPOIL(number_dictionary, schema->children[KIND]->dictionary->format = "l")
SPOIL(text_keys, schema->children[KIND]->format = "u")
SPOIL(released_column, schema->children[AMOUNT]->release = NULL)

SPOIL(negative_length, array->length = -1)
SPOIL(endless_length, array->length = INT64_MAX)
SPOIL(negative_offset, array->offset = -1)
SPOIL(far_offset, array->offset = INT64_MAX - 2)
SPOIL(long_table, array->length = 5)
SPOIL(fewer_children, array->n_children = COLUMNS - 1)
SPOIL(negative_children, array->n_children = -1)
SPOIL(no_children, array->children = NULL)
SPOIL(child_is_null, array->children[AMOUNT] = NULL)
SPOIL(child_is_released, array->children[AMOUNT]->release = NULL)
SPOIL(table_buffers, array->n_buffers = 0)
SPOIL(table_has_no_buffers, array->buffers = NULL)
SPOIL(table_has_nulls, static const uint8_t bits[] = {0x0e}; array->buffers[0] = bits; array->null_count = 1)
SPOIL(one_buffer, array->children[AMOUNT]->n_buffers = 1)
SPOIL(many_buffers, array->children[LINE_ID]->n_buffers = INT64_MAX)
SPOIL(no_buffers, array->children[AMOUNT]->buffers = NULL)
SPOIL(crooked_buffers, array->children[AMOUNT]->buffers = (const void **)((char *)array->children[AMOUNT]->buffers + 1))
SPOIL(null_buffer, array->children[AMOUNT]->buffers[1] = NULL)
SPOIL(crooked_buffer, array->children[AMOUNT]->buffers[1] = (const char *)amounts + 1)
SPOIL(null_offsets, array->children[LINE_ID]->buffers[1] = NULL)
SPOIL(null_texts, array->children[LINE_ID]->buffers[2] = NULL)
SPOIL(offsets_go_back, array->children[LINE_ID]->buffers[1] = going_back)
SPOIL(offsets_below_zero, array->children[LINE_ID]->buffers[1] = below_zero)
SPOIL(long_offsets_below_zero, array->children[PATIENT_ID]->buffers[1] = huge_long_ends)
SPOIL(binary_text, array->children[LINE_ID]->buffers[2] = "L1\xff\xfeL3L4")
SPOIL(torn_text, array->children[LINE_ID]->buffers[1] = within; array->children[LINE_ID]->buffers[2] = "\xc3\xa9L2L3L4")
SPOIL(short_child, array->children[AMOUNT]->length = 3)
SPOIL(negative_child, array->children[AMOUNT]->length = -4)
SPOIL(child_offset, array->children[AMOUNT]->offset = INT64_MIN)
SPOIL(nulls_below, array->children[AMOUNT]->null_count = -2)
SPOIL(nulls_beyond, array->children[AMOUNT]->null_count = 5)
SPOIL(nulls_without_bits, array->children[AMOUNT]->null_count = 1)
SPOIL(nulls_hidden, array->children[EXEC]->null_count = 0)
SPOIL(nulls_miscounted, array->children[EXEC]->null_count = 2)
SPOIL(dictionary_gone, array->children[KIND]->dictionary = NULL)
SPOIL(dictionary_released, array->children[KIND]->dictionary->release = NULL)
SPOIL(dictionary_short, array->children[KIND]->dictionary->length = -3)
SPOIL(dictionary_torn, array->children[KIND]->dictionary->buffers[1] = going_back)
SPOIL(unexpected_dictionary, array->children[AMOUNT]->dictionary = array->children[KIND]->dictionary)
SPOIL(keys_beyond, array->children[KIND]->buffers[1] = beyond)
SPOIL(amounts_null, static const uint8_t bits[] = {0x07}; array->children[AMOUNT]->buffers[0] = bits; array->children[AMOUNT]->null_count = 1)
SPOIL(unknown_kind, array->children[KIND]->dictionary->buffers[2] = "drugsarvicematerial")
SPOIL(blank_id, array->children[LINE_ID]->buffers[2] = "L1L2L L4")
SPOIL(doses_below_zero, array->children[DOSES]->buffers[1] = negative_doses)

static void hostile_tables(void) {
  static const struct {
    void (*spoil)(struct ArrowSchema *schema, struct ArrowArray *array);
    const char *field;
    const char *said;
  } cases[] = {
      {no_struct, "lines", "must be a struct"},
      {no_format, "lines", "must be a struct"},
      {no_columns, "lines", "impossible number of columns"},
      {negative_columns, "lines", "impossible number of columns"},
      {many_columns, "lines", "impossible number of columns"},
      {null_columns, "lines", "NULL"},
      {null_column, "lines", "NULL"},
      {null_format, "lines.amount_fen", "type that no column has"},
      {empty_format, "lines.amount_fen", "type that no column has"},
      {garbage_format, "lines.amount_fen", "type that no column has"},
      {binary_format, "lines.amount_fen", "type that no column has"},
      {narrow, "lines.amount_fen", "is int32; must be int64"},
      {floating, "lines.amount_fen", "is float64; must be int64"},
      {fine_scale, "lines.price", "has scale 8; must have 0 to 6"},
      {below_scale, "lines.price", "has scale -2; must have 0 to 6"},
      {whole_price, "lines.price", "is int64; must be decimal128"},
      {null_name, "lines", "without a name"},
      {binary_name, "lines", "without a name"},
      {unknown_name, "lines.amount", "is not a column of this table"},
      {same_name, "lines.line_id", "is there twice"},
      {plain_dictionary, "lines.kind", "is int8; must be utf8"},
      {number_dictionary, "lines.kind", "dictionary of another type"},
      {text_keys, "lines.kind", "dictionary of another type"},
      {released_column, "lines.amount_fen", "released before"},
      {negative_length, "lines", "length or an offset"},
      {endless_length, "lines", "length or an offset"},
      {negative_offset, "lines", "length or an offset"},
      {far_offset, "lines", "length or an offset"},
      {long_table, "lines.line_id", "fewer rows"},
      {fewer_children, "lines", "children of its type"},
      {negative_children, "lines", "children of its type"},
      {no_children, "lines", "children of its type"},
      {child_is_null, "lines.amount_fen", "is NULL"},
      {child_is_released, "lines.amount_fen", "released before"},
      {table_buffers, "lines", "buffers of its type"},
      {table_has_no_buffers, "lines", "buffers of its type"},
      {table_has_nulls, "lines", "rows that are null"},
      {one_buffer, "lines.amount_fen", "buffers of its type"},
      {many_buffers, "lines.line_id", "buffers of its type"},
      {no_buffers, "lines.amount_fen", "buffers of its type"},
      {crooked_buffers, "lines.amount_fen", "buffers of its type"},
      {null_buffer, "lines.amount_fen", "buffer that is NULL"},
      {crooked_buffer, "lines.amount_fen", "not aligned"},
      {null_offsets, "lines.line_id", "buffer that is NULL"},
      {null_texts, "lines.line_id", "buffer that is NULL"},
      {offsets_go_back, "lines.line_id", "offsets that go back"},
      {offsets_below_zero, "lines.line_id", "offsets that go back or below zero"},
      {long_offsets_below_zero, "lines.patient_id", "offsets that go back or below zero"},
      {binary_text, "lines.line_id", "not UTF-8"},
      {torn_text, "lines.line_id", "not UTF-8"},
      {short_child, "lines.amount_fen", "fewer rows"},
      {negative_child, "lines.amount_fen", "length or an offset"},
      {child_offset, "lines.amount_fen", "length or an offset"},
      {nulls_below, "lines.amount_fen", "number of nulls that cannot be"},
      {nulls_beyond, "lines.amount_fen", "number of nulls that cannot be"},
      {nulls_without_bits, "lines.amount_fen", "another number of nulls"},
      {nulls_hidden, "lines.exec_dept_code", "another number of nulls"},
      {nulls_miscounted, "lines.exec_dept_code", "another number of nulls"},
      {dictionary_gone, "lines.kind", "dictionary"},
      {dictionary_released, "lines.kind", "released before"},
      {dictionary_short, "lines.kind", "length or an offset"},
      {dictionary_torn, "lines.kind", "offsets that go back"},
      {unexpected_dictionary, "lines.amount_fen", "dictionary"},
      {keys_beyond, "lines.kind", "C data interface"},
      {amounts_null, "lines[3].amount_fen", "is null"},
      {unknown_kind, "lines[1].kind", "not a known word; expected one of drug, herb, material, service"},
      {blank_id, "lines[2].line_id", "1 to 64 printable characters"},
      {doses_below_zero, "lines[1].doses", "below zero"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowArrayStream stream, bills, bill_of;
    char *response = (char *)"stale";
    make_stream(&stream, 1)->spoil = cases[i].spoil;
    mj_status status = group(&stream, &bills, &bill_of, &response);
    if (status != MJ_BAD_REQUEST || strstr(mj_last_error_json(), cases[i].said) == NULL) {
      fprintf(stderr, "case %zu: %d %s, not \"%s\"\n", i, (int)status, mj_last_error_json(), cases[i].said);
    }
    CHECK(status == MJ_BAD_REQUEST && response == NULL);
    CHECK_TEXT(mj_last_error_field(), cases[i].field);
    CHECK(strstr(mj_last_error_json(), cases[i].said) != NULL);
    CHECK(stream.release == NULL && bills.release == NULL && bill_of.release == NULL);
    if (status == MJ_OK) {
      mj_string_free(response);
      bills.release(&bills);
      bill_of.release(&bill_of);
    }
    CHECK(live == 0 && twice == 0);
    live = twice = 0;
  }
}

static void hostile_streams(void) {
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
  grouped_as_by_json();
  pairs_and_parts();
  hostile_tables();
  hostile_streams();
  wrong_arguments();
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
