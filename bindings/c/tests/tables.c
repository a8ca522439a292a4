#include "tables.h"

#include <string.h>

int live = 0;
int twice = 0;

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
  /* One more than any of our columns has: views have four. */
  const void **pointers = calloc(4, sizeof *pointers);
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

void make_table(const column *columns, int count, int64_t rows, struct ArrowSchema *schema, struct ArrowArray *array) {
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

static const int32_t four_ends[] = {0, 2, 4, 6, 8};
static const int64_t four_long_ends[] = {0, 2, 4, 6, 8};
const int64_t amounts[] = {9142, 2000, 137, 2500};
static const int64_t quantities[] = {280000, 10000, 30000, 10000};
/* Little-endian 128-bit numbers with four decimals: 3.2650, 20.0000, 0.4560, 25.0000. */
static const uint64_t prices[] = {32650, 0, 200000, 0, 4560, 0, 250000, 0};
static const int8_t kinds[] = {0, 1, 2, 1};
static const int32_t kind_ends[] = {0, 4, 11, 19};
static const uint8_t exec_there[] = {0x0b};
static const int32_t exec_ends[] = {0, 3, 6, 6, 8};
static const int32_t doses[] = {1, 1, 1, 1};

void lines(column *into) {
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

mj_status called_back = -1;

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

source *make_stream(struct ArrowArrayStream *stream, int chunks) {
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

mj_status group(struct ArrowArrayStream *stream, struct ArrowArrayStream *bills, struct ArrowArrayStream *bill_of, char **response) {
  const mj_table inputs[] = {{"lines", stream}};
  const mj_table outputs[] = {{"lines", bill_of}, {"bills", bills}};
  return mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 2, response);
}
