// A native neighbour with the few verbs that the tests ask of one: terminal size, reading a file, network interfaces.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile sig_atomic_t resized;

static void note(int signal) {
    (void)signal;
    resized = 1;
}

static int print_size(void) {
    struct winsize size;
    if (ioctl(1, TIOCGWINSZ, &size) != 0) {
        perror("sidecar: no terminal");
        return 1;
    }
    printf("%d x %d\n", size.ws_col, size.ws_row);
    fflush(stdout);
    return 0;
}

_Noreturn static void watch_size(void) {
    struct sigaction action = {.sa_handler = note};
    sigset_t blocked, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGWINCH, &action, NULL);
    print_size();
    for (;;) {
        sigsuspend(&none);
        if (resized) {
            resized = 0;
            print_size();
        }
    }
}

static int interfaces(void) {
    DIR *directory = opendir("/sys/class/net");
    if (directory == NULL) {
        perror("sidecar: /sys/class/net");
        return 1;
    }
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            puts(entry->d_name);
        }
    }
    return 0;
}

static int fork_and_wait(int children) {
    for (int i = 0; i < children; i++) {
        if (fork() == 0) {
            pause();
        }
    }
    puts("forked");
    fflush(stdout);
    pause();
    return 0;
}

int main(int count, char **arguments) {
    const char *verb = count > 1 ? arguments[1] : "";
    if (strcmp(verb, "size") == 0) { watch_size(); }
    if (strcmp(verb, "interfaces") == 0) { return interfaces(); }
    if (strcmp(verb, "fork") == 0) { return fork_and_wait(count > 2 ? atoi(arguments[2]) : 1); }
    fprintf(stderr, "sidecar: unknown verb %s\n", verb);
    return 2;
}
