/* Texts as views (utf8_view): what leads out of a buffer, into none, or says another thing than what stands there is found before it is read. */
#include "spoiled.h"

/* A text of at most twelve bytes stands in its view; a longer one behind it, its first four bytes in both places. */
typedef struct {
  int32_t length;
  union {
    char here[12];
    struct {
      char prefix[4];
      int32_t buffer;
      int32_t offset;
    } there;
  } text;
} view;

#define HERE(letters) {sizeof(letters) - 1, {.here = letters}}
#define THERE(length, prefix, buffer, offset) {length, {.there = {prefix, buffer, offset}}}

enum { LONG = 16 };
/* Behind the end of the second text stands what is no text. */
static const char behind[] = "L200000000000002L300000000000003\xff\xfe";
static const int64_t sizes[] = {2 * LONG + 2};
static const view good[] = {HERE("L1"), THERE(LONG, "L200", 0, 0), THERE(LONG, "L300", 0, LONG), HERE("L4")};

static void as_views(struct ArrowSchema *schema, struct ArrowArray *array, int at, const view *views) {
  struct ArrowArray *child = array->children[at];
  schema->children[at]->format = "vu";
  child->n_buffers = 4;
  child->buffers[1] = views;
  child->buffers[2] = behind;
  child->buffers[3] = sizes;
}

SPOIL(sound, as_views(schema, array, LINE_ID, good))

/* What the same lines make as flat texts: the same bills. */
static void views_are_texts(void) {
  struct ArrowArrayStream stream, bills, bill_of;
  char *response = NULL;
  make_stream(&stream, 1)->spoil = sound;
  CHECK(group(&stream, &bills, &bill_of, &response) == MJ_OK);
  CHECK_TEXT(response, "{\"lines\":4,\"bills\":3,\"netted\":0}");
  mj_string_free(response);
  bills.release(&bills);
  bill_of.release(&bill_of);
  CHECK(live == 0 && twice == 0);
}

/* The third text is what is wrong. */
#define WRONG_VIEW(name, ...)                                                                                                                                   \
  static const view views_of_##name[] = {HERE("L1"), THERE(LONG, "L200", 0, 0), __VA_ARGS__, HERE("L4")};                                                       \
  SPOIL(name, as_views(schema, array, LINE_ID, views_of_##name))

WRONG_VIEW(below_zero, {-1, {.here = "L3"}})
WRONG_VIEW(shortest, {INT32_MIN, {.here = "L3"}})
WRONG_VIEW(longest, THERE(INT32_MAX, "L300", 0, LONG))
WRONG_VIEW(one_too_long, THERE(2 * LONG + 3, "L200", 0, 0))
WRONG_VIEW(begins_behind, THERE(LONG, "L300", 0, 2 * LONG + 2))
WRONG_VIEW(begins_far_behind, THERE(LONG, "L300", 0, INT32_MAX))
WRONG_VIEW(begins_before, THERE(LONG, "L300", 0, -LONG))
WRONG_VIEW(next_buffer, THERE(LONG, "L300", 1, LONG))
WRONG_VIEW(last_buffer, THERE(LONG, "L300", INT32_MAX, LONG))
WRONG_VIEW(buffer_below_zero, THERE(LONG, "L300", -1, LONG))
WRONG_VIEW(other_prefix, THERE(LONG, "L2  ", 0, LONG))
WRONG_VIEW(dirty_end, {2, {.here = "L3 and more"}})
WRONG_VIEW(binary_here, HERE("L\xff"))
WRONG_VIEW(binary_there, THERE(LONG + 2, "L300", 0, LONG))
WRONG_VIEW(blank_text, HERE("L "))

SPOIL(no_views, as_views(schema, array, LINE_ID, NULL))
SPOIL(crooked_views, as_views(schema, array, LINE_ID, (const view *)(const void *)((const char *)good + 1)))
SPOIL(null_data, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[2] = NULL)
SPOIL(null_sizes, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[3] = NULL)
SPOIL(crooked_sizes, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[3] = (const char *)sizes + 1)
SPOIL(size_below_zero, static const int64_t wrong[] = {-1}; as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[3] = wrong)
SPOIL(size_beyond, static const int64_t wrong[] = {INT64_MAX}; as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[3] = wrong)
SPOIL(size_too_small, static const int64_t wrong[] = {LONG}; as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[3] = wrong)
SPOIL(no_buffers, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->n_buffers = 0)
SPOIL(two_buffers, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->n_buffers = 2)
/* Views, and lengths of none: they lead into nothing. */
SPOIL(three_buffers, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->n_buffers = 3)
SPOIL(endless_buffers, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->n_buffers = INT64_MAX)
SPOIL(buffers_below_zero, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->n_buffers = -1)
SPOIL(fewer_rows, as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->length = 3)
SPOIL(ids_null, static const uint8_t bits[] = {0x0b}; as_views(schema, array, LINE_ID, good); array->children[LINE_ID]->buffers[0] = bits;
      array->children[LINE_ID]->null_count = 1)

/* A dictionary whose values are views. */
static const view kinds_seen[] = {HERE("drug"), HERE("service"), HERE("material")};
static const view kinds_lost[] = {HERE("drug"), THERE(LONG, "serv", 7, 0), HERE("material")};
static void dictionary(struct ArrowSchema *schema, struct ArrowArray *array, const view *values) {
  struct ArrowArray *from = array->children[KIND]->dictionary;
  schema->children[KIND]->dictionary->format = "vu";
  /* No data behind them: validity, views, and the lengths of nothing. */
  from->n_buffers = 3;
  from->buffers[1] = values;
  from->buffers[2] = NULL;
}
SPOIL(dictionary_sound, dictionary(schema, array, kinds_seen))
SPOIL(dictionary_lost, dictionary(schema, array, kinds_lost))

static void dictionaries_of_views(void) {
  struct ArrowArrayStream stream;
  char *response = NULL;
  const mj_table inputs[] = {{"lines", &stream}};
  make_stream(&stream, 1)->spoil = dictionary_sound;
  CHECK(mj_call_batch("bill.group_batch", "{}", inputs, 1, NULL, 0, &response) == MJ_OK);
  CHECK_TEXT(response, "{\"lines\":4,\"bills\":3,\"netted\":0}");
  mj_string_free(response);
  CHECK(live == 0 && twice == 0);
}

static const hostile cases[] = {
    {below_zero, "lines.line_id", "C data interface"},
    {shortest, "lines.line_id", "C data interface"},
    {longest, "lines.line_id", "C data interface"},
    {one_too_long, "lines.line_id", "C data interface"},
    {begins_behind, "lines.line_id", "C data interface"},
    {begins_far_behind, "lines.line_id", "C data interface"},
    {begins_before, "lines.line_id", "C data interface"},
    {next_buffer, "lines.line_id", "C data interface"},
    {last_buffer, "lines.line_id", "C data interface"},
    {buffer_below_zero, "lines.line_id", "C data interface"},
    {other_prefix, "lines.line_id", "C data interface"},
    {dirty_end, "lines.line_id", "C data interface"},
    {binary_here, "lines.line_id", "C data interface"},
    {binary_there, "lines.line_id", "C data interface"},
    {blank_text, "lines[2].line_id", "1 to 64 printable characters"},
    {no_views, "lines.line_id", "buffer that is NULL"},
    {crooked_views, "lines.line_id", "not aligned"},
    {null_data, "lines.line_id", "buffer that is NULL"},
    {null_sizes, "lines.line_id", "buffer that is NULL"},
    {crooked_sizes, "lines.line_id", "not aligned"},
    {size_below_zero, "lines.line_id", "length that cannot be"},
    {size_beyond, "lines.line_id", "length that cannot be"},
    {size_too_small, "lines.line_id", "C data interface"},
    {no_buffers, "lines.line_id", "buffers of its type"},
    {two_buffers, "lines.line_id", "buffers of its type"},
    {three_buffers, "lines.line_id", "C data interface"},
    {endless_buffers, "lines.line_id", "buffers of its type"},
    {buffers_below_zero, "lines.line_id", "buffers of its type"},
    {fewer_rows, "lines.line_id", "fewer rows"},
    {ids_null, "lines[2].line_id", "is null"},
    {dictionary_lost, "lines.kind", "C data interface"},
};

int main(void) {
  views_are_texts();
  dictionaries_of_views();
  refuses(cases, sizeof cases / sizeof *cases);
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
