/* Tables over Arrow's C data interface, made by hand: every structure is counted, so that a test can say that each was released exactly once. */
#ifndef MENJIE_TABLES_H
#define MENJIE_TABLES_H

#include <menjie.h>
#include <stdlib.h>

/* Structures that were made and not released yet; releases of what was released already are counted apart. */
extern int live;
extern int twice;

/* A column: its format, and its buffers as they stand in memory. */
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

/* Four lines of one patient: two visits, three departments, one line without an executing one. */
enum { ROWS = 4, COLUMNS = 12 };
void lines(column *into);
/* Their amounts. */
extern const int64_t amounts[];

/* Schema and array of a table: a struct with the columns as children. */
void make_table(const column *columns, int count, int64_t rows, struct ArrowSchema *schema, struct ArrowArray *array);

/* Which column of the lines is which. */
enum { LINE_ID = 0, PATIENT_ID = 1, KIND = 3, PRICE = 6, AMOUNT = 8, EXEC = 10, DOSES = 11 };

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

source *make_stream(struct ArrowArrayStream *stream, int chunks);

/* What a stream whose functions call the library was told. */
extern mj_status called_back;

/* Groups a stream; both results are asked for. */
mj_status group(struct ArrowArrayStream *stream, struct ArrowArrayStream *bills, struct ArrowArrayStream *bill_of, char **response);

#endif
