// What C programs really call: wasi-libc above the same functions. A failed call is looked at by its errno.
#include "suite.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// errno of a call that fails, 0 of one that does not. wasi-libc's numbers are WASI's.
#define ERRNO(call) ((call) < 0 ? (uint16_t)errno : 0)

static bool files(void) {
    struct stat status;
    char line[64];
    FILE *file = fopen("/stdio.txt", "w+");
    THAT(file != NULL);
    THAT(fprintf(file, "number %d\n", 42) == 10);
    THAT(fseek(file, 0, SEEK_SET) == 0 && fgets(line, sizeof line, file) != NULL);
    THAT(strcmp(line, "number 42\n") == 0);
    THAT(fclose(file) == 0);
    THAT(stat("/stdio.txt", &status) == 0 && status.st_size == 10 && S_ISREG(status.st_mode));
    file = fopen("/stdio.txt", "a");
    THAT(file != NULL && fputs("more\n", file) >= 0 && fclose(file) == 0);
    THAT(content_is("stdio.txt", "number 42\nmore\n"));
    IS(ERRNO(truncate("/stdio.txt", 3)), 0);
    THAT(content_is("stdio.txt", "num"));
    IS(ERRNO(remove("/stdio.txt")), 0);
    IS(ERRNO(stat("/stdio.txt", &status)), ENOENT);
    return true;
}

static bool errors(void) {
    IS(ERRNO(open("/nowhere", O_RDONLY)), ENOENT);
    IS(ERRNO(open("/hello.txt", O_CREAT | O_EXCL | O_WRONLY, 0666)), EEXIST);
    IS(ERRNO(open("/folder", O_WRONLY)), EISDIR);
    IS(ERRNO(open("/hello.txt/x", O_RDONLY)), ENOTDIR);
    IS(ERRNO(open("/loop", O_RDONLY)), ELOOP);
    IS(ERRNO(open("/link", O_RDONLY | O_NOFOLLOW)), ELOOP);
    IS(ERRNO(rmdir("/folder")), ENOTEMPTY);
    IS(ERRNO(mkdir("/folder", 0777)), EEXIST);
    IS(ERRNO(unlink("/folder")), EISDIR, EPERM);
    IS(ERRNO(rmdir("/hello.txt")), ENOTDIR);
    IS(ERRNO(close(1234)), EBADF);
    IS(ERRNO(lseek(1234, 0, SEEK_SET)), EBADF);
    IS(ERRNO(readlink("/hello.txt", (char[8]){0}, 8)), EINVAL);
    IS(ERRNO(rename("/hello.txt", "/other/hello.txt")), EXDEV);
    IS(ERRNO(open("/ro/new", O_CREAT | O_WRONLY, 0666)), EROFS, EPERM, ENOTCAPABLE, EACCES);
    IS(ERRNO(open("/above/outside.txt", O_RDONLY)), ENOTCAPABLE, EPERM);
    IS(ERRNO(open("/absolute", O_RDONLY)), ENOTCAPABLE, EPERM);
    return true;
}

static bool directories(void) {
    int found = 0;
    IS(ERRNO(mkdir("/libc-folder", 0777)), 0);
    THAT(make_file("libc-folder/a", "", NULL) && make_file("libc-folder/b", "", NULL));
    DIR *directory = opendir("/libc-folder");
    THAT(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        found += entry->d_name[0] == 'a' || entry->d_name[0] == 'b';
    }
    EQUALS(2, found);
    rewinddir(directory);
    THAT(readdir(directory) != NULL);
    closedir(directory);
    THAT(opendir("/nowhere") == NULL && errno == ENOENT);
    THAT(opendir("/hello.txt") == NULL && errno == ENOTDIR);
    struct dirent **names;
    THAT(scandir("/libc-folder", &names, NULL, alphasort) >= 2);
    return true;
}

static bool links(void) {
    struct stat status;
    char target[64] = "";
    IS(ERRNO(symlink("hello.txt", "/libc-symlink")), 0);
    EQUALS(9, readlink("/libc-symlink", target, sizeof target));
    IS(ERRNO(lstat("/libc-symlink", &status)), 0);
    THAT(S_ISLNK(status.st_mode));
    IS(ERRNO(stat("/libc-symlink", &status)), 0);
    THAT(S_ISREG(status.st_mode));
    IS(ERRNO(link("/hello.txt", "/libc-link")), 0);
    IS(ERRNO(stat("/libc-link", &status)), 0);
    EQUALS(2, status.st_nlink);
    IS(ERRNO(rename("/libc-link", "/libc-renamed")), 0);
    IS(ERRNO(unlink("/libc-renamed")), 0);
    IS(ERRNO(access("/hello.txt", R_OK | W_OK)), 0);
    IS(ERRNO(access("/nowhere", F_OK)), ENOENT);
    return true;
}

static bool descriptors(void) {
    struct stat status;
    char a[2], b[3];
    struct iovec into[2] = {{a, sizeof a}, {b, sizeof b}};
    int file = open("/libc-fd.txt", O_CREAT | O_RDWR | O_TRUNC, 0666);
    THAT(file >= 0);
    EQUALS(10, write(file, "0123456789", 10));
    EQUALS(4, lseek(file, -6, SEEK_END));
    EQUALS(2, pread(file, a, 2, 0));
    EQUALS(4, lseek(file, 0, SEEK_CUR));
    THAT(readv(file, into, 2) >= 2 && a[0] == '4');
    EQUALS(2, pwrite(file, "ab", 2, 8));
    IS(ERRNO(ftruncate(file, 20)), 0);
    IS(ERRNO(fstat(file, &status)), 0);
    EQUALS(20, status.st_size);
    IS(ERRNO(fsync(file)), 0);
    IS(ERRNO(fdatasync(file)), 0);
    EQUALS(0, posix_fadvise(file, 0, 20, POSIX_FADV_SEQUENTIAL));
    THAT((fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR);
    IS(ERRNO(fcntl(file, F_SETFL, O_APPEND)), 0);
    THAT(fcntl(file, F_GETFL) & O_APPEND);
    EQUALS(0, isatty(file));
    struct timespec times[2] = {{1000, 5}, {2000, 7}};
    IS(ERRNO(futimens(file, times)), 0);
    IS(ERRNO(fstat(file, &status)), 0);
    THAT(status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7 && status.st_atim.tv_sec == 1000);
    return true;
}

static bool working_directory(void) {
    char path[64];
    struct stat status;
    THAT(getcwd(path, sizeof path) != NULL && strcmp(path, "/") == 0);
    IS(ERRNO(stat("hello.txt", &status)), 0);
    IS(ERRNO(chdir("/folder")), 0);
    IS(ERRNO(stat("file.txt", &status)), 0);
    IS(ERRNO(chdir("/nowhere")), ENOENT);
    return true;
}

static bool times(void) {
    struct timespec before, after, resolution, pause = {0, 20000000};
    struct timeval day;
    THAT(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec > 0);
    THAT(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    EQUALS(0, nanosleep(&pause, NULL));
    EQUALS(0, clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL));
    THAT(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    int64_t took = (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
    THAT(took >= 40000000);
    THAT(gettimeofday(&day, NULL) == 0 && day.tv_sec > 1700000000 && time(NULL) >= day.tv_sec);
    EQUALS(0, usleep(1000));
    return true;
}

static bool polls(void) {
    struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
    THAT(poll(both, 2, 10000) >= 1);
    THAT((both[0].revents & POLLIN) || (both[1].revents & POLLOUT));
    EQUALS(0, poll(NULL, 0, 10));
    return true;
}

static bool entropy(void) {
    unsigned char first[32] = {0}, second[32] = {0};
    EQUALS(0, getentropy(first, sizeof first));
    EQUALS(0, getentropy(second, sizeof second));
    THAT(memcmp(first, second, sizeof first) != 0);
    return true;
}

static bool memory(void) {
    enum { SIZE = 64 << 20 };
    char *block = malloc(SIZE);
    THAT(block != NULL);
    memset(block, 1, SIZE);
    THAT(block[SIZE - 1] == 1);
    free(block);
    return true;
}

const test libc_tests[] = {
    {"libc-files", files, NULL}, {"libc-errno", errors, NULL}, {"libc-directories", directories, NULL}, {"libc-links", links, NULL},
    {"libc-descriptors", descriptors, NULL}, {"libc-working-directory", working_directory, NULL}, {"libc-times", times, NULL},
    {"libc-poll", polls, NULL}, {"libc-entropy", entropy, NULL}, {"libc-memory", memory, NULL}, {NULL, NULL, NULL},
};
