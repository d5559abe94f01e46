#include <stdio.h>
#include <string.h>

// Prints its arguments, and the lines of a file of the directory that it was given.
int main(int count, char **arguments) {
    char line[256];
    printf("hello from C, with %d arguments\n", count - 1);
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(arguments[i], "r");
        if (file == NULL) {
            perror(arguments[i]);
            return 1;
        }
        for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
            line[strcspn(line, "\n")] = 0;
            printf("%s:%d: %s\n", arguments[i], number, line);
        }
        fclose(file);
    }
    return 0;
}
