/* Looks at the threads of this process that the tests did not start. */
#ifndef MENJIE_THREADS_H
#define MENJIE_THREADS_H

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many threads there are besides the first, and how many of them would take SIGPIPE, SIGALRM or SIGTERM. */
static void foreign_threads(int *there, int *taking, const char *first) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *task;
  *there = *taking = 0;
  while (tasks != NULL && (task = readdir(tasks)) != NULL) {
    char path[320], line[256];
    unsigned long long blocked = 0;
    int lives = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
    FILE *status = task->d_name[0] == '.' || strcmp(task->d_name, first) == 0 ? NULL : fopen(path, "r");
    if (status == NULL) {
      continue;
    }
    while (fgets(line, sizeof line, status) != NULL) {
      if (strncmp(line, "SigBlk:", 7) == 0) {
        blocked = strtoull(line + 7, NULL, 16);
      } else if (strncmp(line, "Threads:", 8) == 0) {
        lives = atoi(line + 8);
      }
    }
    fclose(status);
    /* One that is about to end has no mask any more: the kernel shows zeros. */
    if (lives == 0) {
      continue;
    }
    const unsigned long long wanted = 1ULL << (SIGPIPE - 1) | 1ULL << (SIGALRM - 1) | 1ULL << (SIGTERM - 1);
    (*there)++;
    *taking += (blocked & wanted) != wanted;
  }
  if (tasks != NULL) {
    closedir(tasks);
  }
}

#endif
