#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *at;
  const char *end;
} reader;

static void blanks(reader *in) {
  while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL && *in->at != '\0') {
    in->at++;
  }
}

static int taken(reader *in, char wanted) {
  blanks(in);
  if (in->at < in->end && *in->at == wanted) {
    in->at++;
    return 1;
  }
  return 0;
}

static int hex4(reader *in, uint32_t *unit) {
  *unit = 0;
  if (in->end - in->at < 4) {
    return 0;
  }
  for (int i = 0; i < 4; i++) {
    const char *digits = "0123456789abcdef";
    char digit = *in->at++;
    const char *found = strchr(digits, digit >= 'A' && digit <= 'F' ? digit + 32 : digit);
    if (found == NULL || digit == '\0') {
      return 0;
    }
    *unit = *unit * 16 + (uint32_t)(found - digits);
  }
  return 1;
}

static char *utf8(char *out, uint32_t c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    *out++ = (char)(0x80 | (c & 0x3f));
  } else {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 0x3f));
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    *out++ = (char)(0x80 | (c & 0x3f));
  }
  return out;
}

/* Behind the opening quote. No escape is shorter than what it stands for. */
static char *text(reader *in, size_t *len) {
  const char *stop = in->at;
  while (stop < in->end && *stop != '"') {
    stop += *stop == '\\' ? 2 : 1;
  }
  if (stop >= in->end) {
    return NULL;
  }
  char *decoded = malloc((size_t)(stop - in->at) + 1);
  char *out = decoded;
  while (in->at < stop) {
    char c = *in->at++;
    if (c != '\\') {
      *out++ = c;
      continue;
    }
    char escape = *in->at++;
    uint32_t unit, low;
    if (escape == 'u') {
      if (!hex4(in, &unit)) {
        free(decoded);
        return NULL;
      }
      if (unit >= 0xd800 && unit < 0xdc00 && stop - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u') {
        in->at += 2;
        if (!hex4(in, &low)) {
          free(decoded);
          return NULL;
        }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      }
      out = utf8(out, unit);
    } else {
      const char *names = "bfnrt", *values = "\b\f\n\r\t";
      const char *found = strchr(names, escape);
      *out++ = found != NULL && escape != '\0' ? values[found - names] : escape;
    }
  }
  in->at = stop + 1;
  *out = '\0';
  *len = (size_t)(out - decoded);
  return decoded;
}

static json *value(reader *in);

static int children(reader *in, json *parent, char close) {
  json **place = &parent->first;
  if (taken(in, close)) {
    return 1;
  }
  do {
    char *key = NULL;
    size_t len;
    if (close == '}') {
      if (!taken(in, '"') || (key = text(in, &len)) == NULL || !taken(in, ':')) {
        free(key);
        return 0;
      }
    }
    json *child = value(in);
    if (child == NULL) {
      free(key);
      return 0;
    }
    child->key = key;
    *place = child;
    place = &child->next;
  } while (taken(in, ','));
  return taken(in, close);
}

static json *value(reader *in) {
  blanks(in);
  if (in->at >= in->end) {
    return NULL;
  }
  json *made = calloc(1, sizeof(json));
  made->raw = in->at;
  int whole = 1;
  if (taken(in, '{')) {
    made->kind = JSON_OBJECT;
    whole = children(in, made, '}');
  } else if (taken(in, '[')) {
    made->kind = JSON_ARRAY;
    whole = children(in, made, ']');
  } else if (taken(in, '"')) {
    made->kind = JSON_TEXT;
    made->text = text(in, &made->text_len);
    whole = made->text != NULL;
  } else {
    made->kind = JSON_WORD;
    while (in->at < in->end && strchr(",]} \t\r\n", *in->at) == NULL) {
      in->at++;
    }
    whole = in->at > made->raw;
  }
  made->raw_len = (size_t)(in->at - made->raw);
  if (!whole) {
    json_free(made);
    return NULL;
  }
  return made;
}

json *json_read(const char *document, size_t len) {
  reader in = {document, document + len};
  json *read = value(&in);
  blanks(&in);
  if (read != NULL && in.at != in.end) {
    json_free(read);
    return NULL;
  }
  return read;
}

void json_free(json *value) {
  while (value != NULL) {
    json *next = value->next;
    json_free(value->first);
    free(value->text);
    free(value->key);
    free(value);
    value = next;
  }
}

const json *json_member(const json *object, const char *key) {
  if (object == NULL || object->kind != JSON_OBJECT) {
    return NULL;
  }
  for (const json *member = object->first; member != NULL; member = member->next) {
    if (strcmp(member->key, key) == 0) {
      return member;
    }
  }
  return NULL;
}

static size_t count(const json *value) {
  size_t n = 0;
  for (const json *child = value->first; child != NULL; child = child->next) {
    n++;
  }
  return n;
}

int json_equal(const json *a, const json *b) {
  if (a == NULL || b == NULL || a->kind != b->kind) {
    return 0;
  }
  switch (a->kind) {
    case JSON_WORD:
      return a->raw_len == b->raw_len && memcmp(a->raw, b->raw, a->raw_len) == 0;
    case JSON_TEXT:
      return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
    case JSON_OBJECT:
      if (count(a) != count(b)) {
        return 0;
      }
      for (const json *member = a->first; member != NULL; member = member->next) {
        if (!json_equal(member, json_member(b, member->key))) {
          return 0;
        }
      }
      return 1;
    case JSON_ARRAY:
      if (count(a) != count(b)) {
        return 0;
      }
      for (const json *x = a->first, *y = b->first; x != NULL; x = x->next, y = y->next) {
        if (!json_equal(x, y)) {
          return 0;
        }
      }
      return 1;
  }
  return 0;
}

int json_is(const json *value, const char *text) {
  return value != NULL && value->kind == JSON_TEXT && strlen(text) == value->text_len && memcmp(value->text, text, value->text_len) == 0;
}
