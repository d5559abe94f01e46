// p1suite [NAME…], p1suite --list: prints `ok NAME` or `FAIL NAME: …` for each test, and exits with 1 after a failure.
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>

int argument_count;
char **arguments;

static const test *const groups[] = {
    descriptor_tests, directory_tests, path_tests, process_tests, poll_tests, pointer_tests, libc_tests,
};

static const char *const errno_names[] = {
    "success", "2big", "acces", "addrinuse", "addrnotavail", "afnosupport", "again", "already", "badf", "badmsg", "busy", "canceled",
    "child", "connaborted", "connrefused", "connreset", "deadlk", "destaddrreq", "dom", "dquot", "exist", "fault", "fbig", "hostunreach",
    "idrm", "ilseq", "inprogress", "intr", "inval", "io", "isconn", "isdir", "loop", "mfile", "mlink", "msgsize", "multihop",
    "nametoolong", "netdown", "netreset", "netunreach", "nfile", "nobufs", "nodev", "noent", "noexec", "nolck", "nolink", "nomem",
    "nomsg", "noprotoopt", "nospc", "nosys", "notconn", "notdir", "notempty", "notrecoverable", "notsock", "notsup", "notty", "nxio",
    "overflow", "ownerdead", "perm", "pipe", "proto", "protonosupport", "prototype", "range", "rofs", "spipe", "srch", "stale",
    "timedout", "txtbsy", "xdev", "notcapable",
};

static char failure[512];

static const char *errno_name(uint32_t value) {
    return value < sizeof errno_names / sizeof *errno_names ? errno_names[value] : "no errno at all";
}

bool is(const char *what, int line, uint32_t got, const uint16_t *expected, size_t count) {
    size_t at = (size_t)snprintf(failure, sizeof failure, "line %d: %s: expected", line, what);
    for (size_t i = 0; i < count; i++) {
        if (expected[i] == got) {
            return true;
        }
        if (at < sizeof failure) {
            at += (size_t)snprintf(failure + at, sizeof failure - at, "%s %s", i == 0 ? "" : " or", errno_name(expected[i]));
        }
    }
    if (at < sizeof failure) {
        snprintf(failure + at, sizeof failure - at, ", got %s", errno_name(got));
    }
    return false;
}

bool that(const char *what, int line, bool holds) {
    if (!holds) {
        snprintf(failure, sizeof failure, "line %d: expected that %s", line, what);
    }
    return holds;
}

bool equals(const char *what, int line, uint64_t expected, uint64_t got) {
    if (expected != got) {
        snprintf(failure, sizeof failure, "line %d: %s: expected %llu, got %llu", line, what, expected, got);
    }
    return expected == got;
}

static __wasi_fd_t preopened(const char *name) {
    __wasi_prestat_t stat;
    for (__wasi_fd_t fd = 3; __wasi_fd_prestat_get(fd, &stat) == 0; fd++) {
        char found[256];
        size_t size = stat.u.dir.pr_name_len;
        if (size < sizeof found && __wasi_fd_prestat_dir_name(fd, (uint8_t *)found, size) == 0) {
            found[size] = 0;
            if (strcmp(found, name) == 0) {
                return fd;
            }
        }
    }
    fprintf(stderr, "p1suite: the host gives no directory %s\n", name);
    exit(2);
}

__wasi_fd_t work(void) { return preopened("/"); }
__wasi_fd_t read_only(void) { return preopened("/ro"); }
__wasi_fd_t other(void) { return preopened("/other"); }

uint16_t open_for(__wasi_fd_t directory, const char *path, uint16_t flags, uint64_t rights, __wasi_fd_t *file) {
    uint64_t inheriting = flags & __WASI_OFLAGS_DIRECTORY ? ALL_RIGHTS : 0;
    return __wasi_path_open(directory, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, flags, rights, inheriting, 0, file);
}

uint16_t open_in(__wasi_fd_t directory, const char *path, uint16_t flags, __wasi_fd_t *file) {
    return open_for(directory, path, flags, flags & __WASI_OFLAGS_DIRECTORY ? DIRECTORY_RIGHTS : ALL_RIGHTS, file);
}

uint16_t read_all(__wasi_fd_t file, char *buffer, size_t size, size_t *count) {
    *count = 0;
    for (;;) {
        size_t some;
        __wasi_iovec_t into = {(uint8_t *)buffer + *count, size - *count};
        uint16_t error = __wasi_fd_read(file, &into, 1, &some);
        if (error != 0 || some == 0) {
            return error;
        }
        *count += some;
    }
}

uint16_t write_text(__wasi_fd_t file, const char *text) {
    size_t written;
    __wasi_ciovec_t from = {(const uint8_t *)text, strlen(text)};
    uint16_t error = __wasi_fd_write(file, &from, 1, &written);
    return error != 0 ? error : written == strlen(text) ? 0 : __WASI_ERRNO_IO;
}

bool make_file(const char *path, const char *content, __wasi_fd_t *file) {
    __wasi_fd_t made;
    OK(open_in(work(), path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, &made));
    OK(write_text(made, content));
    if (file == NULL) {
        OK(__wasi_fd_close(made));
    } else {
        *file = made;
    }
    return true;
}

bool content_is(const char *path, const char *content) {
    char buffer[256];
    size_t count;
    __wasi_fd_t file;
    OK(open_for(work(), path, 0, READ_RIGHTS, &file));
    OK(read_all(file, buffer, sizeof buffer, &count));
    OK(__wasi_fd_close(file));
    EQUALS(strlen(content), count);
    THAT(memcmp(buffer, content, count) == 0);
    return true;
}

uint16_t exists(const char *path) {
    __wasi_filestat_t stat;
    return __wasi_path_filestat_get(work(), 0, path, &stat);
}

static bool wanted(const char *name) {
    for (int i = 1; i < argument_count; i++) {
        if (strcmp(arguments[i], name) == 0) {
            return true;
        }
    }
    return argument_count < 2;
}

int main(int count, char **values) {
    argument_count = count;
    arguments = values;
    bool list = count > 1 && strcmp(values[1], "--list") == 0, good = true, found = list;
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++) {
        for (const test *each = groups[group]; each->name != NULL; each++) {
            if (list) {
                printf("%s\t%s\n", each->name, each->trap != NULL ? each->trap : "");
            } else if (wanted(each->name) && !(count < 2 && each->trap != NULL)) {
                bool passed = each->run();
                printf(passed ? "ok %s\n" : "FAIL %s: %s\n", each->name, failure);
                good &= passed;
                found = true;
            }
        }
    }
    return !(good && found);
}
