/* A host in C for test_languages.py: sealed_host append WRITER RECORDS, or sealed_host OPERATION REQUEST. Prints the answer. */
#include <menjie.h>
#include <stdio.h>
#include <string.h>

static int told(mj_status status, char *answer) {
  if (status != MJ_OK) {
    fprintf(stderr, "status %d\n", (int)status);
    return 1;
  }
  puts(answer);
  mj_string_free(answer);
  return 0;
}

int main(int count, char **given) {
  char *answer = NULL;
  if (count == 3) {
    mj_status status = mj_call(NULL, given[1], given[2], &answer);
    return told(status, answer);
  }
  if (count != 4 || strcmp(given[1], "append") != 0) {
    return 2;
  }
  mj_log *log = NULL;
  mj_status status = mj_log_open(given[2], &log);
  if (status == MJ_OK) {
    status = mj_log_append(log, given[3], &answer);
    mj_status closed = mj_log_close(log);
    status = status == MJ_OK ? closed : status;
  }
  return told(status, answer);
}
