// One guest with a verb for everything the tests ask of WASI: args, env, files, time, exit codes, memory, traps.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int fail(const char *what) {
    fprintf(stderr, "toolbox: %s: %s\n", what, strerror(errno));
    return 1;
}

static int print_arguments(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        puts(arguments[i]);
    }
    return 0;
}

static int print_environment(void) {
    for (char **entry = environ; *entry != NULL; entry++) {
        puts(*entry);
    }
    return 0;
}

// By read(2), not fread(3): what has come is passed on at once, also when more may come.
static int copy(int source) {
    char buffer[65536];
    ssize_t count;
    while ((count = read(source, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(1, buffer + done, (size_t)(count - done));
            if (written < 0) {
                return fail("write");
            }
            done += written;
        }
    }
    return count < 0 ? fail("read") : 0;
}

static int read_file(const char *path) {
    int file = open(path, O_RDONLY);
    return file < 0 ? fail(path) : copy(file);
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return fail(path);
    }
    return fputs(text, file) < 0 || fclose(file) != 0 ? fail(path) : 0;
}

static int list(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return fail(path);
    }
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        puts(entry->d_name);
    }
    return 0;
}

static int describe(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return fail(path);
    }
    const char *kind = S_ISDIR(status.st_mode) ? "directory" : S_ISREG(status.st_mode) ? "file" : "other";
    printf("%s %lld\n", kind, (long long)status.st_size);
    return 0;
}

static void pause_for(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static int tick(double period, long count) {
    for (long i = 0; count == 0 || i < count; i++) {
        printf("tick %ld\n", i);
        if (fflush(stdout) != 0) {
            return fail("stdout");
        }
        pause_for(period);
    }
    return 0;
}

static int allocate(long megabytes) {
    for (long i = 0; i < megabytes; i++) {
        char *block = malloc(1 << 20);
        if (block == NULL) {
            printf("no memory after %ld MB\n", i);
            return 3;
        }
        // volatile: clang leaves out memory that nobody reads.
        for (volatile char *page = block; page < block + (1 << 20); page += 4096) {
            *page = 1;
        }
    }
    printf("allocated %ld MB\n", megabytes);
    fflush(stdout);
    return 0;
}

static int spam(long bytes) {
    char line[100];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (long left = bytes; left > 0; left -= (long)sizeof line) {
        size_t count = left < (long)sizeof line ? (size_t)left : sizeof line;
        if (fwrite(line, 1, count, stdout) != count) {
            return fail("stdout");
        }
    }
    return fflush(stdout) == 0 ? 0 : fail("stdout");
}

static int spin(void) {
    for (volatile unsigned i = 0;; i++) {
    }
}

// An export besides _start: what `toolbox.wasm#greet` calls.
__attribute__((export_name("greet"))) void greet(void) {
    puts("greetings from an export");
    fflush(stdout);
}

int main(int count, char **arguments) {
    const char *verb = count > 1 ? arguments[1] : "hello";
    const char *first = count > 2 ? arguments[2] : "";
    const char *second = count > 3 ? arguments[3] : "";
    if (strcmp(verb, "hello") == 0) { puts("hello from C"); return 0; }
    if (strcmp(verb, "args") == 0) { return print_arguments(count - 2, arguments + 2); }
    if (strcmp(verb, "name") == 0) { return print_arguments(1, arguments); }
    if (strcmp(verb, "env") == 0) { return print_environment(); }
    if (strcmp(verb, "cwd") == 0) { char path[4096]; return getcwd(path, sizeof path) == NULL ? fail("getcwd") : (puts(path), 0); }
    if (strcmp(verb, "cat") == 0) { return copy(0); }
    if (strcmp(verb, "read") == 0) { return read_file(first); }
    if (strcmp(verb, "write") == 0) { return write_file(first, second); }
    if (strcmp(verb, "list") == 0) { return list(first); }
    if (strcmp(verb, "stat") == 0) { return describe(first); }
    if (strcmp(verb, "warn") == 0) { fprintf(stderr, "%s\n", first); return 0; }
    if (strcmp(verb, "sleep") == 0) { puts("sleeping"); fflush(stdout); pause_for(atof(first)); return 0; }
    if (strcmp(verb, "tick") == 0) { return tick(*first ? atof(first) : 0.1, atol(second)); }
    if (strcmp(verb, "loop") == 0) { puts("looping"); fflush(stdout); return spin(); }
    if (strcmp(verb, "exit") == 0) { return atoi(first); }
    if (strcmp(verb, "trap") == 0) { puts("about to trap"); fflush(stdout); __builtin_trap(); }
    if (strcmp(verb, "alloc") == 0) { return allocate(atol(first)); }
    if (strcmp(verb, "hold") == 0) { int code = allocate(atol(first)); if (code == 0) { pause_for(3600); } return code; }
    if (strcmp(verb, "spam") == 0) { return spam(atol(first)); }
    if (strcmp(verb, "tty") == 0) { puts(isatty(1) ? "a terminal" : "no terminal"); return 0; }
    fprintf(stderr, "toolbox: unknown verb %s\n", verb);
    return 2;
}
