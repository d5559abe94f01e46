// Sleeps until a signal ends it; says so first, that the test need not guess. PID 1 has no default actions: TERM needs a handler.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void end(int signal) {
    _exit(128 + signal);
}

int main(void) {
    signal(SIGTERM, end);
    puts("sleeping");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
