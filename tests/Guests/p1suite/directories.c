// fd_readdir, and directories made and removed.
#include "suite.h"
#include <stdio.h>

// Walks a directory with a buffer of that size. Counts the files whose names begin with a prefix; each name once. -1: an error.
static int walk(__wasi_fd_t directory, size_t size, const char *prefix, uint16_t *error) {
    uint8_t buffer[4096];
    uint64_t cookie = 0;
    int found = 0;
    bool seen[256] = {false};
    for (;;) {
        size_t used, at = 0;
        *error = __wasi_fd_readdir(directory, buffer, size, cookie, &used);
        if (*error != 0 || used > size) {
            return -1;
        }
        while (at + sizeof(__wasi_dirent_t) <= used) {
            __wasi_dirent_t entry;
            memcpy(&entry, buffer + at, sizeof entry);
            if (at + sizeof entry + entry.d_namlen > used) {
                break;
            }
            const char *name = (const char *)buffer + at + sizeof entry;
            int number;
            if (entry.d_namlen > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0) {
                number = name[strlen(prefix)] - '0';
                for (size_t i = strlen(prefix) + 1; i < entry.d_namlen; i++) {
                    number = number * 10 + name[i] - '0';
                }
                if (number < 0 || number > 255 || seen[number]) {
                    return -1;
                }
                seen[number] = true;
                found++;
            }
            at += sizeof entry + entry.d_namlen;
            cookie = entry.d_next;
        }
        if (used < size) {
            return found;
        }
        if (at == 0) {
            return -1;
        }
    }
}

static bool readdir(void) {
    __wasi_fd_t directory;
    uint16_t error;
    OK(__wasi_path_create_directory(work(), "readdir"));
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "readdir/entry%d", i);
        THAT(make_file(name, "", NULL));
    }
    OK(open_in(work(), "readdir", __WASI_OFLAGS_DIRECTORY, &directory));
    EQUALS(200, walk(directory, 4096, "entry", &error));
    // A buffer that holds three or four entries: what does not fit comes again.
    EQUALS(200, walk(directory, 128, "entry", &error));
    EQUALS(200, walk(directory, 33, "entry", &error));
    return true;
}

static bool entries(void) {
    __wasi_fd_t directory;
    uint8_t buffer[1024];
    size_t used, at = 0;
    unsigned found = 0;
    OK(__wasi_path_create_directory(work(), "entries"));
    OK(__wasi_path_create_directory(work(), "entries/folder"));
    THAT(make_file("entries/file", "x", NULL));
    OK(__wasi_path_symlink("file", work(), "entries/symlink"));
    OK(open_in(work(), "entries", __WASI_OFLAGS_DIRECTORY, &directory));
    OK(__wasi_fd_readdir(directory, buffer, sizeof buffer, 0, &used));
    THAT(used < sizeof buffer);
    while (at < used) {
        __wasi_dirent_t entry;
        __wasi_filestat_t stat;
        char name[64];
        memcpy(&entry, buffer + at, sizeof entry);
        THAT(entry.d_namlen < sizeof name);
        memcpy(name, buffer + at + sizeof entry, entry.d_namlen);
        name[entry.d_namlen] = 0;
        if (strcmp(name, "folder") == 0) {
            EQUALS(__WASI_FILETYPE_DIRECTORY, entry.d_type);
            found |= 1;
        } else if (strcmp(name, "file") == 0) {
            EQUALS(__WASI_FILETYPE_REGULAR_FILE, entry.d_type);
            found |= 2;
        } else if (strcmp(name, "symlink") == 0) {
            EQUALS(__WASI_FILETYPE_SYMBOLIC_LINK, entry.d_type);
            found |= 4;
        } else {
            THAT(strcmp(name, ".") == 0 || strcmp(name, "..") == 0);
        }
        if (name[0] != '.') {
            char path[96];
            snprintf(path, sizeof path, "entries/%s", name);
            OK(__wasi_path_filestat_get(work(), 0, path, &stat));
            EQUALS(stat.ino, entry.d_ino);
        }
        at += sizeof entry + entry.d_namlen;
    }
    EQUALS(7, found);
    return true;
}

static bool readdir_errors(void) {
    __wasi_fd_t file;
    uint8_t buffer[256];
    size_t used = 99;
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_readdir(file, buffer, sizeof buffer, 0, &used), __WASI_ERRNO_NOTDIR, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_fd_readdir(BAD_FD, buffer, sizeof buffer, 0, &used), __WASI_ERRNO_BADF);
    // A cookie that nobody gave out is an end or an error, and no more than that.
    uint16_t error = __wasi_fd_readdir(work(), buffer, sizeof buffer, 1ull << 40, &used);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOENT, __WASI_ERRNO_OVERFLOW);
    THAT(error != 0 || used <= sizeof buffer);
    OK(__wasi_fd_readdir(work(), buffer, 0, 0, &used));
    EQUALS(0, used);
    return true;
}

static bool create(void) {
    __wasi_filestat_t stat;
    OK(__wasi_path_create_directory(work(), "created"));
    OK(__wasi_path_filestat_get(work(), 0, "created", &stat));
    EQUALS(__WASI_FILETYPE_DIRECTORY, stat.filetype);
    OK(__wasi_path_create_directory(work(), "created/inner"));
    OK(__wasi_path_create_directory(work(), "created/slash/"));
    IS(__wasi_path_create_directory(work(), "created"), __WASI_ERRNO_EXIST);
    IS(__wasi_path_create_directory(work(), "hello.txt"), __WASI_ERRNO_EXIST);
    IS(__wasi_path_create_directory(work(), "nowhere/inner"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_create_directory(work(), "hello.txt/inner"), __WASI_ERRNO_NOTDIR);
    IS(__wasi_path_create_directory(work(), "."), __WASI_ERRNO_EXIST);
    IS(__wasi_path_create_directory(work(), ""), __WASI_ERRNO_NOENT, __WASI_ERRNO_INVAL);
    IS(__wasi_path_create_directory(BAD_FD, "x"), __WASI_ERRNO_BADF);
    return true;
}

static bool remove_directory(void) {
    OK(__wasi_path_create_directory(work(), "removed"));
    THAT(make_file("removed/file", "x", NULL));
    IS(__wasi_path_remove_directory(work(), "removed"), __WASI_ERRNO_NOTEMPTY);
    OK(__wasi_path_unlink_file(work(), "removed/file"));
    OK(__wasi_path_remove_directory(work(), "removed"));
    IS(exists("removed"), __WASI_ERRNO_NOENT);
    OK(__wasi_path_create_directory(work(), "removed"));
    OK(__wasi_path_remove_directory(work(), "removed/"));
    IS(__wasi_path_remove_directory(work(), "removed"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_remove_directory(work(), "hello.txt"), __WASI_ERRNO_NOTDIR);
    IS(__wasi_path_remove_directory(work(), "folder-link"), __WASI_ERRNO_NOTDIR);
    IS(__wasi_path_remove_directory(work(), "folder"), __WASI_ERRNO_NOTEMPTY);
    IS(__wasi_path_remove_directory(work(), "."), __WASI_ERRNO_INVAL, __WASI_ERRNO_BUSY, __WASI_ERRNO_NOTEMPTY);
    IS(__wasi_path_remove_directory(BAD_FD, "x"), __WASI_ERRNO_BADF);
    return true;
}

static bool relative_to_opened(void) {
    __wasi_fd_t directory, file;
    __wasi_filestat_t stat;
    OK(open_in(work(), "folder", __WASI_OFLAGS_DIRECTORY, &directory));
    OK(__wasi_path_filestat_get(directory, 0, "file.txt", &stat));
    EQUALS(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
    OK(__wasi_path_filestat_get(directory, 0, ".", &stat));
    EQUALS(__WASI_FILETYPE_DIRECTORY, stat.filetype);
    OK(open_for(directory, "file.txt", 0, READ_RIGHTS, &file));
    // What was opened beneath is a wall as well.
    IS(open_for(directory, "../hello.txt", 0, READ_RIGHTS, &file), __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_PERM);
    IS(__wasi_path_filestat_get(directory, 0, "..", &stat), __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_PERM);
    return true;
}

const test directory_tests[] = {
    {"fd_readdir", readdir, NULL}, {"fd_readdir-entries", entries, NULL}, {"fd_readdir-errors", readdir_errors, NULL},
    {"path_create_directory", create, NULL}, {"path_remove_directory", remove_directory, NULL},
    {"opened-directory", relative_to_opened, NULL}, {NULL, NULL, NULL},
};
