/* A host that loads and unloads the library at run time, as plug-ins are: unload LIBRARY. Threads that used it end after it was given back. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <menjie.h>
#include <pthread.h>

#include "test.h"

typedef mj_status (*call_fn)(mj_engine *, const char *, const char *, char **);
typedef mj_status (*free_fn)(char *);

static const char *library;
static pthread_barrier_t given_back;

/* ISO C has no cast from a pointer to data to one to a function. */
static int found(void *handle, const char *name, void *place) {
  void *symbol = dlsym(handle, name);
  memcpy(place, &symbol, sizeof symbol);
  return symbol != NULL;
}

static void *visitor(void *right) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  call_fn call;
  free_fn free_text;
  char *answer = NULL;
  int good = handle != NULL && found(handle, "mj_call", &call) && found(handle, "mj_string_free", &free_text);
  good = good && call(NULL, "echo", "{\"value\":1}", &answer) == MJ_OK && strcmp(answer, "{\"value\":1}") == 0 && free_text(answer) == MJ_OK;
  /* The error that this thread keeps is dropped when the thread ends, and the library is given back by then. */
  good = good && call(NULL, "none", "{}", &answer) == MJ_UNKNOWN_OPERATION && dlclose(handle) == 0;
  pthread_barrier_wait(&given_back);
  *(int *)right = good;
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    return 2;
  }
  library = argv[1];
  pthread_barrier_init(&given_back, NULL, 4);
  for (int round = 0; round < 25; round++) {
    pthread_t threads[4];
    int right[4] = {0};
    for (int i = 0; i < 4; i++) {
      CHECK(pthread_create(&threads[i], NULL, visitor, &right[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
      CHECK(pthread_join(threads[i], NULL) == 0 && right[i]);
    }
  }
  return summary();
}
