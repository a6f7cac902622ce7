// Runs a program and prints the peak of its memory and its time on the processor:
// `measured PHASE PROGRAM ARGUMENT...`.

#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

// The system's peak of a process begins with that of the one it was forked from, so this one is small.
int main(int count, char **arguments)
{
    if (count < 3) fail("usage: measured PHASE PROGRAM ARGUMENT...");
    pid_t child = fork();
    if (child < 0) fail("cannot fork: %s", strerror(errno));
    if (child == 0) {
        execv(arguments[2], arguments + 2);
        fail("cannot run %s: %s", arguments[2], strerror(errno));
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) fail("cannot wait: %s", strerror(errno));
    char name[64];
    snprintf(name, sizeof name, "%s.memory_mb", arguments[1]);
    figure(name, (double)usage.ru_maxrss * 1024 / 1e6);
    snprintf(name, sizeof name, "%s.cpu_s", arguments[1]);
    figure(name, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
