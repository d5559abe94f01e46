// Conformance tests of WASI Preview 1 by its functions, and of wasi-libc above them. Expectations follow the specification; where it
// leaves a choice, or systems differ for good reasons, a test names every answer that it takes.
//
// The host gives: `/` (fresh, writable; hello.txt, folder/file.txt, and symlinks: absolute -> /etc/passwd, up -> ../outside.txt,
// above -> .., loop -> loop, link -> hello.txt, folder-link -> folder), `/ro` (read-only; hello.txt, folder/), `/other` (writable, on
// another file system), stdin with the text "input", SUITE=a=b and EMPTY= and UNICODE=zürich in the environment.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wasi/api.h>

typedef struct {
    const char *name;
    bool (*run)(void);
    // What the trap's text must match, where the test must end in a trap. `?` before it: it may also pass without.
    const char *trap;
} test;

extern const test descriptor_tests[], directory_tests[], path_tests[], process_tests[], poll_tests[], pointer_tests[], libc_tests[];
extern int argument_count;
extern char **arguments;

bool is(const char *what, int line, uint32_t got, const uint16_t *expected, size_t count);
bool that(const char *what, int line, bool holds);
bool equals(const char *what, int line, uint64_t expected, uint64_t got);

// Each returns from the test at its first failure.
#define IS(call, ...) \
    do { \
        const uint16_t expected_[] = {__VA_ARGS__}; \
        if (!is(#call, __LINE__, (call), expected_, sizeof expected_ / sizeof *expected_)) { \
            return false; \
        } \
    } while (0)
#define OK(call) IS(call, __WASI_ERRNO_SUCCESS)
#define THAT(condition) \
    do { \
        if (!that(#condition, __LINE__, (condition))) { \
            return false; \
        } \
    } while (0)
#define EQUALS(expected, value) \
    do { \
        if (!equals(#value, __LINE__, (uint64_t)(expected), (uint64_t)(value))) { \
            return false; \
        } \
    } while (0)

#define ALL_RIGHTS \
    (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_SYNC \
     | __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS \
     | __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES \
     | __WASI_RIGHTS_POLL_FD_READWRITE)
#define READ_RIGHTS (ALL_RIGHTS & ~(__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE))
#define DIRECTORY_RIGHTS (__WASI_RIGHTS_FD_READDIR | __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_PATH_CREATE_FILE)
#define BAD_FD 1234

// Preopened directories by their name.
__wasi_fd_t work(void);
__wasi_fd_t read_only(void);
__wasi_fd_t other(void);

uint16_t open_in(__wasi_fd_t directory, const char *path, uint16_t flags, __wasi_fd_t *file);
uint16_t open_for(__wasi_fd_t directory, const char *path, uint16_t flags, uint64_t rights, __wasi_fd_t *file);
uint16_t read_all(__wasi_fd_t file, char *buffer, size_t size, size_t *count);
uint16_t write_text(__wasi_fd_t file, const char *text);
// A file of the work directory with this content; open for all where a descriptor is wanted.
bool make_file(const char *path, const char *content, __wasi_fd_t *file);
bool content_is(const char *path, const char *content);
uint16_t exists(const char *path);
