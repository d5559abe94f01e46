// Stands for the run program: speaks the StartGate and the helper's command lines, but runs no Wasm. In a container it is
// started as "loader --library-path X skiff run --gate …", so it is put in place of both loader and skiff.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run(int count, char **arguments)
{
    char line[64] = { 0 };
    char code[17] = { 0 };
    int first = 0;
    while (first < count && strcmp(arguments[first], "--") != 0) {
        first++;
    }
    const char *what = first + 2 < count ? arguments[first + 2] : "";
    if (strcmp(what, "refuse") == 0) {
        const char *text = "error the module imports what nobody has\n";
        write(3, text, strlen(text));
        return 126;
    }
    if (strcmp(what, "damaged") == 0) {
        const char *text = "damaged the code does not load\n";
        write(3, text, strlen(text));
        return 126;
    }
    if (strcmp(what, "die") == 0) {
        return 9;
    }
    /* Of a component the code of its two modules follows: the last one shows that all have come. */
    pread(first > 0 && strcmp(arguments[first - 1], "component") == 0 ? 6 : 4, code, sizeof code - 1, 0);
    write(3, "ready\n", 6);
    if (read(3, line, sizeof line - 1) <= 0 || strcmp(line, "start\n") != 0) {
        return 99;
    }
    for (int i = 0; i < count; i++) {
        printf("%s%s", i == 0 ? "" : " ", arguments[i]);
    }
    printf("\ncode %s\npwd %s\n", code, getenv("PWD") == NULL ? "" : getenv("PWD"));
    fflush(stdout);
    if (strcmp(what, "sleep") == 0) {
        for (;;) {
            pause();
        }
    }
    return strcmp(what, "exit") == 0 ? atoi(arguments[first + 3]) : 0;
}

int main(int count, char **arguments)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "run") == 0) {
            return run(count - i, arguments + i);
        }
        if (strcmp(arguments[i], "compile") == 0) {
            fprintf(stderr, "line 1: this double compiles nothing\n");
            return 1;
        }
        if (strcmp(arguments[i], "image-code") == 0) {
            return 3;
        }
    }
    return 64;
}
