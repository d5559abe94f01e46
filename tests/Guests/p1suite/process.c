// args_*, environ_*, clock_*, random_get, sched_yield, proc_*, sock_*.
#include "suite.h"
#include <stdlib.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) uint32_t raw_proc_raise(uint32_t signal);

static bool args(void) {
    size_t count, size;
    uint8_t *values[64], buffer[4096];
    OK(__wasi_args_sizes_get(&count, &size));
    EQUALS(argument_count, count);
    THAT(count <= 64 && size <= sizeof buffer);
    OK(__wasi_args_get(values, buffer));
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        THAT(strcmp((const char *)values[i], arguments[i]) == 0);
        sum += strlen(arguments[i]) + 1;
    }
    EQUALS(sum, size);
    return true;
}

static bool environ_(void) {
    size_t count, size;
    uint8_t *values[256];
    static uint8_t buffer[65536];
    OK(__wasi_environ_sizes_get(&count, &size));
    THAT(count <= 256 && size <= sizeof buffer);
    OK(__wasi_environ_get(values, buffer));
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        found += strcmp((const char *)values[i], "SUITE=a=b") == 0;
    }
    EQUALS(1, found);
    THAT(getenv("SUITE") != NULL && strcmp(getenv("SUITE"), "a=b") == 0);
    THAT(getenv("EMPTY") != NULL && strcmp(getenv("EMPTY"), "") == 0);
    THAT(getenv("UNICODE") != NULL && strcmp(getenv("UNICODE"), "z\xC3\xBCrich") == 0);
    // What the host's own environment holds is not for the guest.
    THAT(getenv("PATH") == NULL);
    return true;
}

static bool clocks(void) {
    __wasi_timestamp_t resolution, first, second;
    OK(__wasi_clock_res_get(__WASI_CLOCKID_REALTIME, &resolution));
    THAT(resolution > 0 && resolution <= 1000000000);
    OK(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution));
    THAT(resolution > 0 && resolution <= 1000000000);
    OK(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &first));
    // 2024-01-01.
    THAT(first > 1704067200000000000);
    OK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &first));
    for (int i = 0; i < 1000; i++) {
        OK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &second));
        THAT(second >= first);
        first = second;
    }
    return true;
}

static bool other_clocks(void) {
    __wasi_timestamp_t time;
    // Taken out of WASI later.
    IS(__wasi_clock_time_get(2, 1, &time), __WASI_ERRNO_SUCCESS, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOTSUP, __WASI_ERRNO_BADF);
    IS(__wasi_clock_time_get(3, 1, &time), __WASI_ERRNO_SUCCESS, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOTSUP, __WASI_ERRNO_BADF);
    return true;
}

static bool random_bytes(void) {
    static uint8_t first[100000], second[100000];
    unsigned counts[256] = {0};
    OK(__wasi_random_get(first, sizeof first));
    OK(__wasi_random_get(second, sizeof second));
    THAT(memcmp(first, second, sizeof first) != 0);
    for (size_t i = 0; i < sizeof first; i++) {
        counts[first[i]]++;
    }
    for (int i = 0; i < 256; i++) {
        // 390 of each, give or take ten standard deviations.
        THAT(counts[i] > 190 && counts[i] < 590);
    }
    OK(__wasi_random_get(first, 0));
    return true;
}

static bool yield(void) {
    for (int i = 0; i < 100; i++) {
        OK(__wasi_sched_yield());
    }
    return true;
}

// A process may end here, or be told that there are no signals.
static bool raise(void) {
    // 0 is no signal, 6 is abrt.
    IS(raw_proc_raise(0), __WASI_ERRNO_SUCCESS, __WASI_ERRNO_NOSYS, __WASI_ERRNO_NOTSUP);
    IS(raw_proc_raise(6), __WASI_ERRNO_NOSYS, __WASI_ERRNO_NOTSUP);
    return true;
}

static bool exit_with_7(void) { exit(7); }
static bool exit_with_255(void) { __wasi_proc_exit(255); }
static bool abort_(void) { abort(); }

static bool no_sockets(void) {
    __wasi_fd_t file, accepted;
    uint8_t buffer[8];
    __wasi_iovec_t into = {buffer, sizeof buffer};
    __wasi_ciovec_t from = {buffer, sizeof buffer};
    size_t count;
    __wasi_roflags_t flags;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_sock_recv(file, &into, 1, 0, &count, &flags), __WASI_ERRNO_NOTSOCK);
    IS(__wasi_sock_send(file, &from, 1, 0, &count), __WASI_ERRNO_NOTSOCK);
    IS(__wasi_sock_shutdown(file, __WASI_SDFLAGS_RD | __WASI_SDFLAGS_WR), __WASI_ERRNO_NOTSOCK);
    IS(__wasi_sock_accept(file, 0, &accepted), __WASI_ERRNO_NOTSOCK);
    IS(__wasi_sock_recv(BAD_FD, &into, 1, 0, &count, &flags), __WASI_ERRNO_BADF);
    IS(__wasi_sock_send(BAD_FD, &from, 1, 0, &count), __WASI_ERRNO_BADF);
    IS(__wasi_sock_shutdown(BAD_FD, __WASI_SDFLAGS_RD), __WASI_ERRNO_BADF);
    IS(__wasi_sock_accept(BAD_FD, 0, &accepted), __WASI_ERRNO_BADF);
    return true;
}

const test process_tests[] = {
    {"args", args, NULL}, {"environ", environ_, NULL}, {"clocks", clocks, NULL}, {"clocks-cputime", other_clocks, NULL},
    {"random_get", random_bytes, NULL}, {"sched_yield", yield, NULL}, {"proc_raise", raise, "?signal|abort|unsupported|not supported"}, {"proc_exit-7", exit_with_7, "=7"},
    {"proc_exit-255", exit_with_255, "=255"}, {"abort", abort_, "unreachable"}, {"sock-on-files", no_sockets, NULL}, {NULL, NULL, NULL},
};
