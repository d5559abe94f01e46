// Pointers into nowhere, and values that no enum or flags has: WASI lets a host answer fault or inval, or end the guest. Nothing else
// may happen.
#include "suite.h"

#define WILD ((void *)(uintptr_t)0xFFFFFFF0)
#define FAULT "?out.of.bounds|fault|unaligned|not aligned|pointer|exceeds|realloc|unreachable"
#define INVAL "?[iI]nvalid|enum|flag|out of range"

static bool sound(void) {
    // The guest's memory and descriptors are still there.
    THAT(content_is("hello.txt", "hello\n"));
    return true;
}

static bool args_get(void) {
    IS(__wasi_args_get(WILD, WILD), __WASI_ERRNO_FAULT);
    return sound();
}
static bool environ_get(void) {
    IS(__wasi_environ_get(WILD, WILD), __WASI_ERRNO_FAULT);
    return sound();
}
static bool clock_time_get(void) {
    IS(__wasi_clock_time_get(0, 1, WILD), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_read(void) {
    __wasi_iovec_t into = {WILD, 100};
    size_t count;
    __wasi_fd_t file;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_read(file, &into, 1, &count), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_write(void) {
    __wasi_ciovec_t from = {WILD, 100};
    size_t count;
    __wasi_fd_t file;
    THAT(make_file("wild.txt", "x", &file));
    IS(__wasi_fd_write(file, &from, 1, &count), __WASI_ERRNO_FAULT);
    THAT(content_is("wild.txt", "x"));
    return sound();
}
static bool fd_write_list(void) {
    size_t count;
    IS(__wasi_fd_write(1, WILD, 10, &count), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_write_endless_list(void) {
    size_t count;
    IS(__wasi_fd_write(1, (const __wasi_ciovec_t *)(uintptr_t)16, 0xFFFFFFFF, &count), __WASI_ERRNO_FAULT, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOMEM);
    return sound();
}
static bool fd_write_count(void) {
    __wasi_ciovec_t from = {(const uint8_t *)"", 0};
    IS(__wasi_fd_write(1, &from, 1, WILD), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_filestat_get(void) {
    IS(__wasi_fd_filestat_get(work(), WILD), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_readdir(void) {
    size_t used;
    IS(__wasi_fd_readdir(work(), WILD, 100, 0, &used), __WASI_ERRNO_FAULT);
    return sound();
}
static bool fd_prestat_dir_name(void) {
    IS(__wasi_fd_prestat_dir_name(read_only(), WILD, 100), __WASI_ERRNO_FAULT);
    return sound();
}
static bool path_readlink(void) {
    size_t used;
    IS(__wasi_path_readlink(work(), "link", WILD, 100, &used), __WASI_ERRNO_FAULT);
    return sound();
}
__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_unlink_file")))
uint32_t raw_path_unlink_file(uint32_t fd, const char *path, size_t size);
static bool path_name(void) {
    IS(raw_path_unlink_file(work(), WILD, 100), __WASI_ERRNO_FAULT);
    return sound();
}
static bool path_name_around(void) {
    IS(raw_path_unlink_file(work(), (const char *)(uintptr_t)16, 0xFFFFFFFF), __WASI_ERRNO_FAULT, __WASI_ERRNO_NAMETOOLONG);
    return sound();
}
static bool poll_oneoff(void) {
    size_t count;
    IS(__wasi_poll_oneoff(WILD, WILD, 1, &count), __WASI_ERRNO_FAULT);
    return sound();
}
static bool poll_oneoff_endless(void) {
    size_t count;
    IS(__wasi_poll_oneoff((void *)(uintptr_t)16, (void *)(uintptr_t)16, 0xFFFFFFFF, &count), __WASI_ERRNO_FAULT, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOMEM);
    return sound();
}
static bool random_get(void) {
    IS(__wasi_random_get(WILD, 100), __WASI_ERRNO_FAULT);
    return sound();
}
static bool random_get_endless(void) {
    IS(__wasi_random_get((uint8_t *)(uintptr_t)16, 0xFFFFFFF0), __WASI_ERRNO_FAULT);
    return sound();
}

static bool advice(void) {
    __wasi_fd_t file;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_advise(file, 0, 10, 99), __WASI_ERRNO_INVAL);
    return sound();
}
static bool whence(void) {
    __wasi_fd_t file;
    __wasi_filesize_t position;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_seek(file, 0, 3, &position), __WASI_ERRNO_INVAL);
    return sound();
}
static bool fdflags(void) {
    __wasi_fd_t file;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_fdstat_set_flags(file, 0x100), __WASI_ERRNO_INVAL);
    return sound();
}
static bool open_flags(void) {
    __wasi_fd_t file;
    IS(open_in(work(), "hello.txt", 0xFF00, &file), __WASI_ERRNO_INVAL);
    return sound();
}
static bool clock(void) {
    __wasi_timestamp_t time;
    IS(__wasi_clock_time_get(99, 1, &time), __WASI_ERRNO_INVAL, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTSUP);
    return sound();
}
static bool event_type(void) {
    __wasi_subscription_t one = {.u = {.tag = 9}};
    __wasi_event_t event;
    size_t count;
    IS(__wasi_poll_oneoff(&one, &event, 1, &count), __WASI_ERRNO_INVAL);
    return sound();
}

const test pointer_tests[] = {
    {"wild-args_get", args_get, FAULT}, {"wild-environ_get", environ_get, FAULT}, {"wild-clock_time_get", clock_time_get, FAULT},
    {"wild-fd_read", fd_read, FAULT}, {"wild-fd_write", fd_write, FAULT}, {"wild-fd_write-list", fd_write_list, FAULT},
    {"wild-fd_write-endless-list", fd_write_endless_list, FAULT}, {"wild-fd_write-count", fd_write_count, FAULT},
    {"wild-fd_filestat_get", fd_filestat_get, FAULT}, {"wild-fd_readdir", fd_readdir, FAULT},
    {"wild-fd_prestat_dir_name", fd_prestat_dir_name, FAULT}, {"wild-path_readlink", path_readlink, FAULT},
    {"wild-path", path_name, FAULT}, {"wild-path-around", path_name_around, FAULT}, {"wild-poll_oneoff", poll_oneoff, FAULT},
    {"wild-poll_oneoff-endless", poll_oneoff_endless, FAULT}, {"wild-random_get", random_get, FAULT},
    {"wild-random_get-endless", random_get_endless, FAULT}, {"no-advice", advice, INVAL}, {"no-whence", whence, INVAL},
    {"no-fdflags", fdflags, INVAL}, {"no-oflags", open_flags, INVAL}, {"no-clock", clock, INVAL},
    {"no-event-type", event_type, INVAL}, {NULL, NULL, NULL},
};
