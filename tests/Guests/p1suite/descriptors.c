// fd_*: files by descriptor.
#include "suite.h"

static bool advise(void) {
    __wasi_fd_t file;
    THAT(make_file("advise.txt", "0123456789", &file));
    for (uint8_t advice = 0; advice <= __WASI_ADVICE_NOREUSE; advice++) {
        OK(__wasi_fd_advise(file, 0, 10, advice));
    }
    OK(__wasi_fd_advise(file, 100, 0, __WASI_ADVICE_NORMAL));
    IS(__wasi_fd_advise(BAD_FD, 0, 10, 0), __WASI_ERRNO_BADF);
    return true;
}

static bool allocate(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    THAT(make_file("allocate.txt", "0123456789", &file));
    uint16_t error = __wasi_fd_allocate(file, 5, 95);
    // Not every system can: Preview 2 has no such function at all.
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_NOTSUP);
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(error == 0 ? 100 : 10, stat.size);
    IS(__wasi_fd_allocate(BAD_FD, 0, 10), __WASI_ERRNO_BADF);
    return true;
}

static bool close(void) {
    __wasi_fd_t file;
    __wasi_fdstat_t stat;
    THAT(make_file("close.txt", "x", &file));
    OK(__wasi_fd_close(file));
    IS(__wasi_fd_close(file), __WASI_ERRNO_BADF);
    IS(__wasi_fd_fdstat_get(file, &stat), __WASI_ERRNO_BADF);
    IS(write_text(file, "y"), __WASI_ERRNO_BADF);
    IS(__wasi_fd_close(BAD_FD), __WASI_ERRNO_BADF);
    IS(__wasi_fd_close(0xFFFFFFFF), __WASI_ERRNO_BADF);
    return true;
}

static bool close_preopened(void) {
    __wasi_fd_t directory = work(), file;
    __wasi_prestat_t stat;
    OK(__wasi_fd_close(directory));
    IS(__wasi_fd_prestat_get(directory, &stat), __WASI_ERRNO_BADF);
    IS(open_in(directory, "hello.txt", 0, &file), __WASI_ERRNO_BADF);
    return true;
}

static bool sync(void) {
    __wasi_fd_t file;
    THAT(make_file("sync.txt", "x", &file));
    OK(__wasi_fd_sync(file));
    OK(__wasi_fd_datasync(file));
    IS(__wasi_fd_sync(BAD_FD), __WASI_ERRNO_BADF);
    IS(__wasi_fd_datasync(BAD_FD), __WASI_ERRNO_BADF);
    return true;
}

static bool fdstat(void) {
    __wasi_fd_t file;
    __wasi_fdstat_t stat;
    THAT(make_file("fdstat.txt", "x", &file));
    OK(__wasi_fd_fdstat_get(file, &stat));
    EQUALS(__WASI_FILETYPE_REGULAR_FILE, stat.fs_filetype);
    EQUALS(0, stat.fs_flags);
    THAT((stat.fs_rights_base & __WASI_RIGHTS_FD_READ) && (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE));
    OK(__wasi_fd_fdstat_get(work(), &stat));
    EQUALS(__WASI_FILETYPE_DIRECTORY, stat.fs_filetype);
    // wasi-libc looks at these before it opens a path beneath.
    THAT(stat.fs_rights_base & __WASI_RIGHTS_PATH_OPEN);
    THAT((stat.fs_rights_inheriting & __WASI_RIGHTS_FD_READ) && (stat.fs_rights_inheriting & __WASI_RIGHTS_FD_WRITE));
    OK(__wasi_fd_fdstat_get(0, &stat));
    THAT(stat.fs_rights_base & __WASI_RIGHTS_FD_READ);
    OK(__wasi_fd_fdstat_get(1, &stat));
    THAT(stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE);
    IS(__wasi_fd_fdstat_get(BAD_FD, &stat), __WASI_ERRNO_BADF);
    return true;
}

static bool fdstat_of_a_reader(void) {
    __wasi_fd_t file;
    __wasi_fdstat_t stat;
    OK(open_for(work(), "hello.txt", 0, READ_RIGHTS, &file));
    OK(__wasi_fd_fdstat_get(file, &stat));
    THAT(stat.fs_rights_base & __WASI_RIGHTS_FD_READ);
    THAT(!(stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE));
    return true;
}

static bool append(void) {
    __wasi_fd_t file;
    __wasi_fdstat_t stat;
    __wasi_filesize_t position;
    THAT(make_file("append.txt", "0123456789", &file));
    OK(__wasi_fd_fdstat_set_flags(file, __WASI_FDFLAGS_APPEND));
    OK(__wasi_fd_fdstat_get(file, &stat));
    EQUALS(__WASI_FDFLAGS_APPEND, stat.fs_flags);
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(write_text(file, "ab"));
    OK(__wasi_fd_fdstat_set_flags(file, 0));
    OK(__wasi_fd_fdstat_get(file, &stat));
    EQUALS(0, stat.fs_flags);
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(write_text(file, "AB"));
    THAT(content_is("append.txt", "AB23456789ab"));
    return true;
}

static bool set_flags(void) {
    __wasi_fd_t file;
    THAT(make_file("flags.txt", "x", &file));
    OK(__wasi_fd_fdstat_set_flags(file, __WASI_FDFLAGS_NONBLOCK));
    OK(__wasi_fd_fdstat_set_flags(file, 0));
    // Linux cannot change these after the file is open.
    IS(__wasi_fd_fdstat_set_flags(file, __WASI_FDFLAGS_SYNC), __WASI_ERRNO_SUCCESS, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOTSUP);
    IS(__wasi_fd_fdstat_set_flags(BAD_FD, 0), __WASI_ERRNO_BADF);
    return true;
}

static bool set_rights(void) {
    __wasi_fd_t file;
    THAT(make_file("rights.txt", "x", &file));
    // Rights were taken out of WASI: a host may say so, or keep to them.
    uint16_t error = __wasi_fd_fdstat_set_rights(file, __WASI_RIGHTS_FD_READ, 0);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_NOTSUP, __WASI_ERRNO_NOSYS);
    IS(__wasi_fd_fdstat_set_rights(BAD_FD, 0, 0), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTSUP, __WASI_ERRNO_NOSYS);
    return true;
}

static bool filestat(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat, again;
    __wasi_timestamp_t now;
    OK(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &now));
    THAT(make_file("filestat.txt", "0123456789", &file));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
    EQUALS(10, stat.size);
    EQUALS(1, stat.nlink);
    THAT(stat.ino != 0);
    // The kernel's clock for files ticks up to 10 ms behind.
    THAT(stat.mtim > now - 1000000000 && stat.mtim < now + 60000000000);
    OK(__wasi_path_filestat_get(work(), 0, "filestat.txt", &again));
    THAT(again.ino == stat.ino && again.dev == stat.dev);
    OK(__wasi_fd_filestat_get(work(), &again));
    EQUALS(__WASI_FILETYPE_DIRECTORY, again.filetype);
    THAT(again.ino != stat.ino);
    OK(__wasi_fd_filestat_get(1, &again));
    IS(__wasi_fd_filestat_get(BAD_FD, &stat), __WASI_ERRNO_BADF);
    return true;
}

static bool set_size(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    char buffer[32];
    size_t count;
    __wasi_filesize_t position;
    THAT(make_file("size.txt", "0123456789", &file));
    OK(__wasi_fd_filestat_set_size(file, 3));
    THAT(content_is("size.txt", "012"));
    OK(__wasi_fd_filestat_set_size(file, 6));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(6, stat.size);
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(read_all(file, buffer, sizeof buffer, &count));
    THAT(count == 6 && memcmp(buffer, "012\0\0\0", 6) == 0);
    IS(__wasi_fd_filestat_set_size(file, ~0ull), __WASI_ERRNO_INVAL, __WASI_ERRNO_FBIG, __WASI_ERRNO_OVERFLOW);
    IS(__wasi_fd_filestat_set_size(work(), 0), __WASI_ERRNO_BADF, __WASI_ERRNO_ISDIR, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_fd_filestat_set_size(BAD_FD, 0), __WASI_ERRNO_BADF);
    __wasi_fd_t reader;
    OK(open_for(work(), "size.txt", 0, READ_RIGHTS, &reader));
    IS(__wasi_fd_filestat_set_size(reader, 0), __WASI_ERRNO_BADF, __WASI_ERRNO_INVAL, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_PERM);
    return true;
}

static bool set_times(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    __wasi_timestamp_t now;
    THAT(make_file("times.txt", "x", &file));
    OK(__wasi_fd_filestat_set_times(file, 1000000007, 2000000009, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(1000000007, stat.atim);
    EQUALS(2000000009, stat.mtim);
    OK(__wasi_fd_filestat_set_times(file, 5, 3000000000, __WASI_FSTFLAGS_MTIM));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(1000000007, stat.atim);
    EQUALS(3000000000, stat.mtim);
    OK(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &now));
    OK(__wasi_fd_filestat_set_times(file, 0, 0, __WASI_FSTFLAGS_ATIM_NOW));
    OK(__wasi_fd_filestat_get(file, &stat));
    THAT(stat.atim > now - 1000000000);
    EQUALS(3000000000, stat.mtim);
    IS(__wasi_fd_filestat_set_times(file, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW), __WASI_ERRNO_INVAL);
    IS(__wasi_fd_filestat_set_times(file, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW), __WASI_ERRNO_INVAL);
    IS(__wasi_fd_filestat_set_times(BAD_FD, 0, 0, 0), __WASI_ERRNO_BADF);
    return true;
}

static bool positioned(void) {
    __wasi_fd_t file;
    char first[4] = "", second[4] = "";
    __wasi_iovec_t into[2] = {{(uint8_t *)first, 3}, {(uint8_t *)second, 3}};
    __wasi_ciovec_t from[2] = {{(const uint8_t *)"ab", 2}, {(const uint8_t *)"cd", 2}};
    size_t count;
    __wasi_filesize_t position;
    THAT(make_file("positioned.txt", "0123456789", &file));
    OK(__wasi_fd_pread(file, into, 2, 2, &count));
    THAT(count == 6 || count == 3);
    THAT(memcmp(first, "234", 3) == 0);
    OK(__wasi_fd_pread(file, into, 1, 9, &count));
    EQUALS(1, count);
    OK(__wasi_fd_pread(file, into, 1, 100, &count));
    EQUALS(0, count);
    OK(__wasi_fd_pwrite(file, from, 1, 1, &count));
    EQUALS(2, count);
    OK(__wasi_fd_pwrite(file, from + 1, 1, 12, &count));
    OK(__wasi_fd_tell(file, &position));
    EQUALS(10, position);
    char buffer[32];
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(read_all(file, buffer, sizeof buffer, &count));
    THAT(count == 14 && memcmp(buffer, "0ab3456789\0\0cd", 14) == 0);
    IS(__wasi_fd_pread(file, into, 1, 1ull << 63, &count), __WASI_ERRNO_INVAL, __WASI_ERRNO_OVERFLOW);
    IS(__wasi_fd_pwrite(file, from, 1, 1ull << 63, &count), __WASI_ERRNO_INVAL, __WASI_ERRNO_OVERFLOW, __WASI_ERRNO_FBIG);
    IS(__wasi_fd_pread(BAD_FD, into, 1, 0, &count), __WASI_ERRNO_BADF);
    IS(__wasi_fd_pwrite(BAD_FD, from, 1, 0, &count), __WASI_ERRNO_BADF);
    return true;
}

static bool positioned_in_a_stream(void) {
    char byte;
    __wasi_iovec_t into = {(uint8_t *)&byte, 1};
    __wasi_ciovec_t from = {(const uint8_t *)"x", 1};
    size_t count;
    __wasi_filesize_t position;
    IS(__wasi_fd_pread(0, &into, 1, 0, &count), __WASI_ERRNO_SPIPE, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_INVAL);
    IS(__wasi_fd_pwrite(1, &from, 1, 0, &count), __WASI_ERRNO_SPIPE, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_INVAL);
    IS(__wasi_fd_seek(0, 0, __WASI_WHENCE_CUR, &position), __WASI_ERRNO_SPIPE, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_INVAL);
    IS(__wasi_fd_tell(1, &position), __WASI_ERRNO_SPIPE, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_INVAL);
    return true;
}

static bool prestat(void) {
    __wasi_prestat_t stat;
    char name[8];
    __wasi_fd_t file;
    OK(__wasi_fd_prestat_get(read_only(), &stat));
    EQUALS(__WASI_PREOPENTYPE_DIR, stat.tag);
    EQUALS(3, stat.u.dir.pr_name_len);
    OK(__wasi_fd_prestat_dir_name(read_only(), (uint8_t *)name, 3));
    THAT(memcmp(name, "/ro", 3) == 0);
    IS(__wasi_fd_prestat_dir_name(read_only(), (uint8_t *)name, 2), __WASI_ERRNO_NAMETOOLONG);
    IS(__wasi_fd_prestat_get(0, &stat), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTSUP);
    IS(__wasi_fd_prestat_get(BAD_FD, &stat), __WASI_ERRNO_BADF);
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(__wasi_fd_prestat_get(file, &stat), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTSUP);
    IS(__wasi_fd_prestat_dir_name(file, (uint8_t *)name, 8), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTSUP, __WASI_ERRNO_NOTDIR);
    return true;
}

static bool scattered(void) {
    __wasi_fd_t file;
    char a[3] = "", b[5] = "";
    __wasi_iovec_t into[3] = {{(uint8_t *)a, 2}, {NULL, 0}, {(uint8_t *)b, 4}};
    __wasi_ciovec_t from[3] = {{(const uint8_t *)"one", 3}, {NULL, 0}, {(const uint8_t *)"two", 3}};
    size_t count = 99;
    __wasi_filesize_t position;
    THAT(make_file("scattered.txt", "", &file));
    OK(__wasi_fd_write(file, from, 3, &count));
    // A host may take the first piece only.
    THAT(count == 6 || count == 3);
    if (count == 3) {
        OK(write_text(file, "two"));
    }
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(__wasi_fd_read(file, into, 3, &count));
    THAT((count == 6 && memcmp(b, "etwo", 4) == 0) || count == 2);
    THAT(memcmp(a, "on", 2) == 0);
    OK(__wasi_fd_write(file, from, 0, &count));
    EQUALS(0, count);
    OK(__wasi_fd_read(file, into, 0, &count));
    EQUALS(0, count);
    return true;
}

static bool whole_megabytes(void) {
    enum { SIZE = 3 << 20 };
    static uint8_t data[SIZE], back[SIZE];
    __wasi_fd_t file;
    size_t done = 0, count;
    __wasi_filesize_t position;
    for (size_t i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)(i * 31 + (i >> 12));
    }
    THAT(make_file("big.bin", "", &file));
    while (done < SIZE) {
        __wasi_ciovec_t from = {data + done, SIZE - done};
        OK(__wasi_fd_write(file, &from, 1, &count));
        THAT(count > 0);
        done += count;
    }
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(read_all(file, (char *)back, SIZE, &count));
    EQUALS(SIZE, count);
    THAT(memcmp(data, back, SIZE) == 0);
    return true;
}

static bool wrong_way(void) {
    __wasi_fd_t reader, writer;
    char byte;
    __wasi_iovec_t into = {(uint8_t *)&byte, 1};
    size_t count;
    THAT(make_file("oneway.txt", "x", NULL));
    OK(open_for(work(), "oneway.txt", 0, READ_RIGHTS, &reader));
    IS(write_text(reader, "y"), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    OK(open_for(work(), "oneway.txt", 0, ALL_RIGHTS & ~__WASI_RIGHTS_FD_READ, &writer));
    IS(__wasi_fd_read(writer, &into, 1, &count), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_fd_read(1, &into, 1, &count), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(write_text(0, "y"), __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(__wasi_fd_read(work(), &into, 1, &count), __WASI_ERRNO_ISDIR, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(write_text(work(), "y"), __WASI_ERRNO_ISDIR, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    IS(write_text(BAD_FD, "y"), __WASI_ERRNO_BADF);
    IS(__wasi_fd_read(BAD_FD, &into, 1, &count), __WASI_ERRNO_BADF);
    return true;
}

static bool seek(void) {
    __wasi_fd_t file;
    __wasi_filesize_t position;
    THAT(make_file("seek.txt", "0123456789", &file));
    OK(__wasi_fd_tell(file, &position));
    EQUALS(10, position);
    OK(__wasi_fd_seek(file, 4, __WASI_WHENCE_SET, &position));
    EQUALS(4, position);
    OK(__wasi_fd_seek(file, -1, __WASI_WHENCE_CUR, &position));
    EQUALS(3, position);
    OK(__wasi_fd_seek(file, -2, __WASI_WHENCE_END, &position));
    EQUALS(8, position);
    OK(__wasi_fd_seek(file, 100, __WASI_WHENCE_END, &position));
    EQUALS(110, position);
    IS(__wasi_fd_seek(file, -1, __WASI_WHENCE_SET, &position), __WASI_ERRNO_INVAL);
    IS(__wasi_fd_seek(file, -200, __WASI_WHENCE_CUR, &position), __WASI_ERRNO_INVAL);
    IS(__wasi_fd_seek(file, -200, __WASI_WHENCE_END, &position), __WASI_ERRNO_INVAL);
    OK(__wasi_fd_tell(file, &position));
    EQUALS(110, position);
    IS(__wasi_fd_seek(BAD_FD, 0, __WASI_WHENCE_SET, &position), __WASI_ERRNO_BADF);
    IS(__wasi_fd_tell(BAD_FD, &position), __WASI_ERRNO_BADF);
    return true;
}

static bool renumber(void) {
    __wasi_fd_t first, second;
    __wasi_filesize_t position;
    THAT(make_file("renumber1.txt", "first", &first));
    THAT(make_file("renumber2.txt", "second", &second));
    OK(__wasi_fd_renumber(first, second));
    IS(__wasi_fd_tell(first, &position), __WASI_ERRNO_BADF);
    OK(__wasi_fd_tell(second, &position));
    EQUALS(5, position);
    OK(write_text(second, "!"));
    THAT(content_is("renumber1.txt", "first!"));
    THAT(content_is("renumber2.txt", "second"));
    IS(__wasi_fd_renumber(first, second), __WASI_ERRNO_BADF);
    IS(__wasi_fd_renumber(second, BAD_FD), __WASI_ERRNO_BADF);
    OK(__wasi_fd_renumber(second, second));
    OK(write_text(second, "?"));
    return true;
}

static bool many_descriptors(void) {
    enum { COUNT = 500 };
    static __wasi_fd_t files[COUNT];
    THAT(make_file("many.txt", "many", NULL));
    for (int i = 0; i < COUNT; i++) {
        OK(open_in(work(), "many.txt", 0, &files[i]));
        THAT(i == 0 || files[i] != files[i - 1]);
    }
    for (int i = 0; i < COUNT; i++) {
        OK(__wasi_fd_close(files[i]));
    }
    return true;
}

static bool unlinked(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    __wasi_filesize_t position;
    char buffer[16];
    size_t count;
    THAT(make_file("unlinked.txt", "still here", &file));
    OK(__wasi_path_unlink_file(work(), "unlinked.txt"));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(0, stat.nlink);
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(read_all(file, buffer, sizeof buffer, &count));
    EQUALS(10, count);
    return true;
}

const test descriptor_tests[] = {
    {"fd_advise", advise, NULL}, {"fd_allocate", allocate, NULL}, {"fd_close", close, NULL},
    {"fd_close-preopened", close_preopened, NULL}, {"fd_sync-and-datasync", sync, NULL}, {"fd_fdstat_get", fdstat, NULL},
    {"fd_fdstat_get-reader", fdstat_of_a_reader, NULL}, {"fd_fdstat_set_flags-append", append, NULL},
    {"fd_fdstat_set_flags", set_flags, NULL}, {"fd_fdstat_set_rights", set_rights, NULL}, {"fd_filestat_get", filestat, NULL},
    {"fd_filestat_set_size", set_size, NULL}, {"fd_filestat_set_times", set_times, NULL}, {"fd_pread-and-pwrite", positioned, NULL},
    {"spipe", positioned_in_a_stream, NULL}, {"fd_prestat", prestat, NULL}, {"fd_read-and-write", scattered, NULL},
    {"fd_read-and-write-megabytes", whole_megabytes, NULL}, {"badf", wrong_way, NULL}, {"fd_seek-and-tell", seek, NULL},
    {"fd_renumber", renumber, NULL}, {"many-descriptors", many_descriptors, NULL}, {"unlinked-but-open", unlinked, NULL},
    {NULL, NULL, NULL},
};
