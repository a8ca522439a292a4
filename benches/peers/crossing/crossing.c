/* B9: what it costs to come from C. `crossing RUNS REQUEST COLUMNS` prints one JSON object a line, as the peers do; `crossing load LIBRARY`
 * prints how long a process waits for the library and its first answer.
 *
 * REQUEST is a bill.group request; COLUMNS holds columns of charge lines as Arrow buffers: per column a line "name format rows buffers", per
 * buffer a line with its length and the bytes, then a line end. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <menjie.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int noop(void *handle);

enum { MAX_COLUMNS = 32, MAX_RUNS = 100 };

static struct ArrowSchema schemas[MAX_COLUMNS];
static struct ArrowArray arrays[MAX_COLUMNS];
static struct ArrowSchema *schema_list[MAX_COLUMNS];
static struct ArrowArray *array_list[MAX_COLUMNS];
static const void *buffers[MAX_COLUMNS][3];
static int columns = 0;
static int64_t rows = 0;

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void fail(const char *what) {
  fprintf(stderr, "crossing: %s: %s\n", what, mj_last_error_json());
  exit(1);
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fail(path);
  }
  long size = ftell(file);
  char *text = malloc((size_t)size + 1);
  rewind(file);
  if (fread(text, 1, (size_t)size, file) != (size_t)size) {
    fail(path);
  }
  text[size] = 0;
  fclose(file);
  return text;
}

/* The memory is the bench's until it ends: nothing is to be done when it is released. */
static void keep_schema(struct ArrowSchema *schema) {
  schema->release = NULL;
}

static void keep_array(struct ArrowArray *array) {
  array->release = NULL;
}

static void read_columns(const char *path) {
  FILE *file = fopen(path, "rb");
  char name[64], format[16];
  int count;
  while (file != NULL && columns < MAX_COLUMNS && fscanf(file, "%63s %15s %ld %d\n", name, format, &rows, &count) == 4) {
    schemas[columns] = (struct ArrowSchema){.format = strdup(format), .name = strdup(name), .flags = ARROW_FLAG_NULLABLE};
    for (int i = 0; i < count; i++) {
      size_t size;
      if (fscanf(file, "%zu", &size) != 1 || fgetc(file) != '\n') {
        fail("the columns are cut off");
      }
      void *bytes = size == 0 ? NULL : aligned_alloc(64, (size + 63) / 64 * 64);
      if (size > 0 && fread(bytes, 1, size, file) != size) {
        fail("the columns are cut off");
      }
      buffers[columns][i] = bytes;
    }
    arrays[columns] = (struct ArrowArray){.length = rows, .null_count = buffers[columns][0] == NULL ? 0 : -1, .n_buffers = count, .buffers = buffers[columns]};
    schema_list[columns] = &schemas[columns];
    array_list[columns] = &arrays[columns];
    columns++;
  }
  if (columns == 0) {
    fail("there are no columns");
  }
  fclose(file);
}

static int given = 0;
static const void *no_nulls[1] = {NULL};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  (void)stream;
  for (int i = 0; i < columns; i++) {
    schemas[i].release = keep_schema;
  }
  *out = (struct ArrowSchema){.format = "+s", .name = "", .n_children = columns, .children = schema_list, .release = keep_schema};
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  (void)stream;
  if (given++ > 0) {
    memset(out, 0, sizeof *out);
    return 0;
  }
  for (int i = 0; i < columns; i++) {
    arrays[i].release = keep_array;
  }
  *out = (struct ArrowArray){.length = rows, .n_buffers = 1, .buffers = no_nulls, .n_children = columns, .children = array_list, .release = keep_array};
  return 0;
}

static void keep_stream(struct ArrowArrayStream *stream) {
  stream->release = NULL;
}

static mj_engine *engine;
static char *request;
static char check[64];

static void do_noop(void) {
  noop(engine);
}

static void do_ping(void) {
  if (mj_ping(engine) != MJ_OK) {
    fail("ping");
  }
}

static void call(const char *op, const char *text, mj_status wanted) {
  char *response = NULL;
  if (mj_call(engine, op, text, &response) != wanted) {
    fail(op);
  }
  mj_string_free(response);
}

static void do_echo(void) {
  call("echo", "{\"value\":{}}", MJ_OK);
}

static void do_error(void) {
  call("echo", "{\"valeu\":{}}", MJ_BAD_REQUEST);
}

static void do_bill(void) {
  call("bill.group", request, MJ_OK);
}

static void do_batch(void) {
  struct ArrowArrayStream lines = {.get_schema = get_schema, .get_next = get_next, .release = keep_stream}, bills, bill_of;
  const mj_table inputs[] = {{"lines", &lines}};
  const mj_table outputs[] = {{"bills", &bills}, {"lines", &bill_of}};
  struct ArrowArray array;
  char *response = NULL;
  given = 0;
  if (mj_call_batch("bill.group_batch", "{}", inputs, 1, outputs, 2, &response) != MJ_OK || bills.get_next(&bills, &array) != 0) {
    fail("bill.group_batch");
  }
  /* Bills and their sum, for comparing before anything counts: the sixth column is the total. */
  const int64_t *totals = array.children[5]->buffers[1];
  int64_t sum = 0;
  for (int64_t i = 0; i < array.length; i++) {
    sum += totals[i];
  }
  snprintf(check, sizeof check, "%ld:%ld", array.length, sum);
  array.release(&array);
  bills.release(&bills);
  bill_of.release(&bill_of);
  mj_string_free(response);
}

static void measure(const char *work, void (*run)(void), int runs, long times, const char *checked) {
  double wall[MAX_RUNS], cpu[MAX_RUNS];
  for (int i = -1; i < runs; i++) {
    double wall_start = now(CLOCK_MONOTONIC), cpu_start = now(CLOCK_THREAD_CPUTIME_ID);
    for (long n = 0; n < times; n++) {
      run();
    }
    /* The first is thrown away. */
    if (i >= 0) {
      cpu[i] = (now(CLOCK_THREAD_CPUTIME_ID) - cpu_start) / (double)times;
      wall[i] = (now(CLOCK_MONOTONIC) - wall_start) / (double)times;
    }
  }
  printf("{\"peer\":\"C\",\"work\":\"%s\",\"check\":\"%s\",\"us\":[", work, checked);
  for (int i = 0; i < runs; i++) {
    printf("%s%.5f", i == 0 ? "" : ",", wall[i]);
  }
  printf("],\"cpu_us\":[");
  for (int i = 0; i < runs; i++) {
    printf("%s%.5f", i == 0 ? "" : ",", cpu[i]);
  }
  printf("]}\n");
}

/* Nothing of the library is there before. */
static int load(const char *library) {
  double start = now(CLOCK_MONOTONIC);
  void *handle = dlmopen(LM_ID_NEWLM, library, RTLD_NOW);
  mj_status (*call)(mj_engine *, const char *, const char *, char **) = NULL;
  char *response = NULL;
  if (handle != NULL) {
    *(void **)&call = dlsym(handle, "mj_call");
  }
  if (call == NULL || call(NULL, "echo", "{\"value\":{}}", &response) != MJ_OK) {
    fprintf(stderr, "crossing: %s\n", dlerror());
    return 1;
  }
  printf("%.1f\n", now(CLOCK_MONOTONIC) - start);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "load") == 0) {
    return load(argv[2]);
  }
  if (argc != 4 || atoi(argv[1]) < 1 || atoi(argv[1]) > MAX_RUNS) {
    fprintf(stderr, "usage: crossing RUNS REQUEST COLUMNS | crossing load LIBRARY\n");
    return 2;
  }
  int runs = atoi(argv[1]);
  mj_options options = {.struct_size = sizeof options, .abi_version = MJ_ABI_VERSION};
  if (mj_engine_new(&options, &engine) != MJ_OK) {
    fail("engine");
  }
  request = read_file(argv[2]);
  read_columns(argv[3]);
  do_batch();
  measure("noop", do_noop, runs, 10000000, "");
  measure("ping", do_ping, runs, 2000000, "");
  measure("echo", do_echo, runs, 300000, "");
  measure("error", do_error, runs, 100000, "");
  measure("bill", do_bill, runs, 10000, "");
  measure("batch", do_batch, runs, 200, check);
  mj_engine_free(engine);
  return 0;
}
