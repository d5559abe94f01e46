// The peer of the benchmarks, and the proof that native containers work: writes one line and ends with the code it is given.
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    puts("hello from native code");
    return count > 1 ? atoi(arguments[1]) : 0;
}
