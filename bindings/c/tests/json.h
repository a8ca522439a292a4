/* JSON for the tests: texts as they stand, so that no number is read by a double on its way. */
#ifndef MENJIE_JSON_H
#define MENJIE_JSON_H

#include <stddef.h>

typedef enum { JSON_WORD, JSON_TEXT, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json {
  json_kind kind;
  /* As it stands in the document. */
  const char *raw;
  size_t raw_len;
  /* A text, decoded; it may hold NULs. */
  char *text;
  size_t text_len;
  /* The key, when it is a member of an object. */
  char *key;
  struct json *first;
  struct json *next;
} json;

/* NULL when it is no JSON. The document must outlive the result. */
json *json_read(const char *document, size_t len);
void json_free(json *value);
const json *json_member(const json *object, const char *key);
/* Equal as JSON: the order of members does not count, numbers are compared as they are written. */
int json_equal(const json *a, const json *b);
int json_is(const json *value, const char *text);

#endif
