// A static native program for containers whose rootfs holds nothing else. What it does is its first argument.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "sleep") == 0) {
        for (;;) {
            pause();
        }
    }
    if (strcmp(what, "term") == 0) {
        // As process 1 of its namespace it gets no signal that it does not ask for.
        sigset_t set;
        int signal;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        sigwait(&set, &signal);
        return 143;
    }
    if (strcmp(what, "cat") == 0) {
        char buffer[4096];
        ssize_t length;
        while ((length = read(0, buffer, sizeof buffer)) > 0) {
            write(1, buffer, length);
        }
        return 0;
    }
    if (strcmp(what, "eat") == 0) {
        for (;;) {
            char *page = malloc(1 << 20);
            memset(page, 1, 1 << 20);
        }
    }
    if (strcmp(what, "tty") == 0) {
        printf("%s\n", isatty(0) && isatty(1) && isatty(2) ? "a terminal" : "no terminal");
        return 0;
    }
    if (strcmp(what, "fork") == 0) {
        for (int i = 0; i < 3; i++) {
            if (fork() == 0) {
                for (;;) {
                    pause();
                }
            }
        }
        for (;;) {
            pause();
        }
    }
    if (strcmp(what, "exit") == 0) {
        return atoi(arguments[2]);
    }
    printf("hello\n");
    return 0;
}
