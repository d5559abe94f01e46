// A core module of the oldest WASI, as compilers made it until 2019: wasi_unstable, where it differs from Preview 1. Needs a preopened
// directory that it may write to. Prints `ok NAME` or `FAIL NAME: expected E, got G`, and exits with 1 after a failure.
#include "../freestanding/memory.h"

#define WASI(name) __attribute__((import_module("wasi_unstable"), import_name(name)))

// nlink has 32 bits here, so that all after it lies elsewhere than in Preview 1.
typedef struct {
    uint64_t device, inode;
    uint8_t type;
    uint32_t links;
    uint64_t size, accessed, modified, changed;
} filestat;

// The clock has an identifier before its id; Preview 1 dropped it.
typedef struct {
    uint64_t userdata;
    uint8_t type;
    uint64_t identifier;
    uint32_t clock;
    uint64_t timeout, precision;
    uint16_t flags;
} subscription;

typedef struct {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint64_t bytes;
    uint16_t flags;
} event;

_Static_assert(sizeof(filestat) == 56 && sizeof(subscription) == 56 && sizeof(event) == 32, "layout");

WASI("fd_write") uint16_t fd_write(uint32_t fd, const text *pieces, size_t count, size_t *written);
WASI("fd_read") uint16_t fd_read(uint32_t fd, const text *pieces, size_t count, size_t *read);
WASI("fd_seek") uint16_t fd_seek(uint32_t fd, int64_t offset, uint32_t whence, uint64_t *position);
WASI("fd_filestat_get") uint16_t fd_filestat_get(uint32_t fd, filestat *stat);
WASI("path_filestat_get") uint16_t path_filestat_get(uint32_t fd, uint32_t flags, const char *path, size_t size, filestat *stat);
WASI("path_open") uint16_t path_open(
    uint32_t fd, uint32_t lookup, const char *path, size_t size, uint32_t flags, uint64_t rights, uint64_t inheriting, uint32_t fdflags,
    uint32_t *opened);
WASI("path_unlink_file") uint16_t path_unlink_file(uint32_t fd, const char *path, size_t size);
WASI("fd_close") uint16_t fd_close(uint32_t fd);
WASI("clock_time_get") uint16_t clock_time_get(uint32_t clock, uint64_t precision, uint64_t *time);
WASI("poll_oneoff") uint16_t poll_oneoff(const subscription *subscriptions, event *events, size_t count, size_t *happened);
WASI("args_sizes_get") uint16_t args_sizes_get(size_t *count, size_t *bytes);
WASI("proc_exit") _Noreturn void proc_exit(uint32_t code);

enum { DIRECTORY = 3, CREATE = 1, SEEK = 4, READ = 2, WRITE = 64, FILESTAT = 1 << 21, CURRENT = 0, END = 1, START = 2 };

static uint32_t failures;

static void print(text line) {
    size_t written;
    fd_write(1, &line, 1, &written);
}

static void expect(const char *name, uint64_t expected, uint64_t got) {
    if (expected == got) {
        print(JOIN(literal("ok "), literal(name), literal("\n")));
        return;
    }
    failures++;
    print(JOIN(literal("FAIL "), literal(name), literal(": expected "), decimal(expected), literal(", got "), decimal(got), literal("\n")));
}

static void files(void) {
    uint32_t file;
    size_t count;
    uint64_t position;
    filestat stat = {0};
    expect("path_open", 0, path_open(DIRECTORY, 0, "unstable.txt", 12, CREATE, READ | WRITE | SEEK | FILESTAT, 0, 0, &file));
    expect("fd_write", 0, fd_write(file, &(text){"0123456789", 10}, 1, &count));
    expect("fd_seek from the start", 0, fd_seek(file, 3, START, &position));
    expect("its position", 3, position);
    expect("fd_seek from here", 0, fd_seek(file, 2, CURRENT, &position));
    expect("its position", 5, position);
    expect("fd_seek from the end", 0, fd_seek(file, -1, END, &position));
    expect("its position", 9, position);
    char byte = 0;
    expect("fd_read", 0, fd_read(file, &(text){&byte, 1}, 1, &count));
    expect("what was read", '9', (uint64_t)byte);
    expect("fd_filestat_get", 0, fd_filestat_get(file, &stat));
    expect("its size", 10, stat.size);
    expect("its links", 1, stat.links);
    expect("its type", 4, stat.type);
    stat = (filestat){0};
    expect("path_filestat_get", 0, path_filestat_get(DIRECTORY, 0, "unstable.txt", 12, &stat));
    expect("its size", 10, stat.size);
    expect("fd_close", 0, fd_close(file));
    expect("path_unlink_file", 0, path_unlink_file(DIRECTORY, "unstable.txt", 12));
}

static void time(void) {
    uint64_t before, after;
    size_t count;
    event happened;
    subscription wait = {.userdata = 42, .type = 0, .identifier = 7, .clock = 1, .timeout = 20000000};
    clock_time_get(1, 0, &before);
    expect("poll_oneoff", 0, poll_oneoff(&wait, &happened, 1, &count));
    clock_time_get(1, 0, &after);
    expect("events", 1, count);
    expect("userdata", 42, happened.userdata);
    expect("waited at least 20 ms", 1, after - before >= 20000000);
    expect("waited less than 2 s", 1, after - before < 2000000000);
}

__attribute__((export_name("_start"))) void start(void) {
    size_t count, bytes;
    expect("args_sizes_get", 0, args_sizes_get(&count, &bytes));
    files();
    time();
    proc_exit(failures != 0);
}
