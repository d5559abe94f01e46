// path_*: names beneath a directory, and the wall around it.
#include "suite.h"

#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define ESCAPED __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_PERM

// As wasi-libc declares it, but with a length of its own: for names that C strings cannot hold.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) uint32_t raw_path_open(
    uint32_t fd, uint32_t lookup, const char *path, size_t size, uint32_t oflags, uint64_t rights, uint64_t inheriting, uint32_t fdflags,
    __wasi_fd_t *opened);

static bool open_flags(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    IS(open_in(work(), "open.txt", 0, &file), __WASI_ERRNO_NOENT);
    OK(open_in(work(), "open.txt", __WASI_OFLAGS_CREAT, &file));
    OK(write_text(file, "content"));
    OK(__wasi_fd_close(file));
    OK(open_in(work(), "open.txt", __WASI_OFLAGS_CREAT, &file));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(7, stat.size);
    IS(open_in(work(), "open.txt", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, &file), __WASI_ERRNO_EXIST);
    OK(open_in(work(), "open-new.txt", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, &file));
    OK(open_in(work(), "open.txt", __WASI_OFLAGS_TRUNC, &file));
    OK(__wasi_fd_filestat_get(file, &stat));
    EQUALS(0, stat.size);
    IS(open_in(work(), "open.txt", __WASI_OFLAGS_DIRECTORY, &file), __WASI_ERRNO_NOTDIR);
    OK(open_in(work(), "folder", __WASI_OFLAGS_DIRECTORY, &file));
    IS(open_in(work(), "new-folder", __WASI_OFLAGS_DIRECTORY | __WASI_OFLAGS_CREAT, &file), __WASI_ERRNO_INVAL);
    IS(open_in(work(), "folder", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, &file), __WASI_ERRNO_EXIST);
    IS(open_in(BAD_FD, "hello.txt", 0, &file), __WASI_ERRNO_BADF);
    OK(open_in(work(), "hello.txt", 0, &file));
    IS(open_in(file, "x", 0, &file), __WASI_ERRNO_NOTDIR, __WASI_ERRNO_BADF, __WASI_ERRNO_NOTCAPABLE);
    return true;
}

static bool open_fdflags(void) {
    __wasi_fd_t file;
    __wasi_fdstat_t stat;
    __wasi_filesize_t position;
    THAT(make_file("fdflags.txt", "0123", NULL));
    OK(__wasi_path_open(work(), FOLLOW, "fdflags.txt", 0, ALL_RIGHTS, 0, __WASI_FDFLAGS_APPEND, &file));
    OK(__wasi_fd_fdstat_get(file, &stat));
    THAT(stat.fs_flags & __WASI_FDFLAGS_APPEND);
    OK(__wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &position));
    OK(write_text(file, "45"));
    THAT(content_is("fdflags.txt", "012345"));
    OK(__wasi_path_open(work(), FOLLOW, "fdflags.txt", 0, ALL_RIGHTS, 0, __WASI_FDFLAGS_NONBLOCK, &file));
    OK(write_text(file, "ab"));
    uint16_t error = __wasi_path_open(work(), FOLLOW, "fdflags.txt", 0, ALL_RIGHTS, 0, __WASI_FDFLAGS_SYNC, &file);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_NOTSUP);
    error = __wasi_path_open(work(), FOLLOW, "fdflags.txt", 0, ALL_RIGHTS, 0, __WASI_FDFLAGS_DSYNC, &file);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_NOTSUP);
    return true;
}

static bool open_directory(void) {
    __wasi_fd_t file;
    IS(open_for(work(), "folder", 0, ALL_RIGHTS, &file), __WASI_ERRNO_ISDIR);
    IS(open_for(work(), "folder", __WASI_OFLAGS_TRUNC, ALL_RIGHTS, &file), __WASI_ERRNO_ISDIR);
    OK(open_for(work(), "folder", 0, DIRECTORY_RIGHTS, &file));
    OK(open_for(work(), "folder/", 0, DIRECTORY_RIGHTS, &file));
    OK(open_for(work(), "./folder/.", __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, &file));
    OK(open_for(work(), ".", __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, &file));
    return true;
}

static bool slashes(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    IS(open_for(work(), "hello.txt/", 0, READ_RIGHTS, &file), __WASI_ERRNO_NOTDIR);
    IS(open_for(work(), "hello.txt/inner", 0, READ_RIGHTS, &file), __WASI_ERRNO_NOTDIR);
    IS(open_in(work(), "slashes-new/", __WASI_OFLAGS_CREAT, &file), __WASI_ERRNO_ISDIR, __WASI_ERRNO_NOENT, __WASI_ERRNO_NOTDIR);
    IS(__wasi_path_unlink_file(work(), "hello.txt/"), __WASI_ERRNO_NOTDIR);
    OK(open_for(work(), "folder//file.txt", 0, READ_RIGHTS, &file));
    OK(open_for(work(), "./folder/./file.txt", 0, READ_RIGHTS, &file));
    OK(open_for(work(), "folder/../hello.txt", 0, READ_RIGHTS, &file));
    IS(open_for(work(), "nowhere/../hello.txt", 0, READ_RIGHTS, &file), __WASI_ERRNO_NOENT);
    OK(__wasi_path_filestat_get(work(), 0, "folder/", &stat));
    IS(__wasi_path_filestat_get(work(), 0, "hello.txt/", &stat), __WASI_ERRNO_NOTDIR);
    return true;
}

static bool names(void) {
    static char component[300], deep[8192];
    __wasi_fd_t file;
    memset(component, 'n', 256);
    IS(open_in(work(), component, __WASI_OFLAGS_CREAT, &file), __WASI_ERRNO_NAMETOOLONG);
    component[255] = 0;
    OK(open_in(work(), component, __WASI_OFLAGS_CREAT, &file));
    for (size_t i = 0; i < sizeof deep - 2; i += 2) {
        memcpy(deep + i, "./", 2);
    }
    IS(open_in(work(), deep, 0, &file), __WASI_ERRNO_NAMETOOLONG);
    IS(open_in(work(), "", 0, &file), __WASI_ERRNO_NOENT, __WASI_ERRNO_INVAL);
    OK(open_in(work(), "z\xC3\xBCrich \xF0\x9F\x9B\xB6.txt", __WASI_OFLAGS_CREAT, &file));
    IS(raw_path_open(work(), 0, "hello.txt\0x", 11, 0, READ_RIGHTS, 0, 0, &file),
        __WASI_ERRNO_INVAL, __WASI_ERRNO_ILSEQ, __WASI_ERRNO_NOENT);
    return true;
}

static bool names_not_utf8(void) {
    __wasi_fd_t file;
    IS(open_in(work(), "not\xFFutf8", __WASI_OFLAGS_CREAT, &file), __WASI_ERRNO_ILSEQ, __WASI_ERRNO_INVAL);
    return true;
}

static bool escapes(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    uint8_t buffer[16];
    size_t used;
    static const char *const outside[] = {"..", "../outside.txt", "folder/../../outside.txt", "/etc/passwd", "/", "./..", "folder/../.."};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        IS(open_for(work(), outside[i], 0, READ_RIGHTS, &file), ESCAPED);
        IS(__wasi_path_filestat_get(work(), FOLLOW, outside[i], &stat), ESCAPED);
        IS(__wasi_path_filestat_set_times(work(), FOLLOW, outside[i], 0, 0, __WASI_FSTFLAGS_MTIM_NOW), ESCAPED);
    }
    IS(__wasi_path_create_directory(work(), "../made"), ESCAPED);
    IS(__wasi_path_remove_directory(work(), "../made"), ESCAPED);
    IS(__wasi_path_unlink_file(work(), "../outside.txt"), ESCAPED);
    IS(__wasi_path_readlink(work(), "../above", buffer, sizeof buffer, &used), ESCAPED);
    IS(__wasi_path_rename(work(), "hello.txt", work(), "../moved.txt"), ESCAPED);
    IS(__wasi_path_rename(work(), "../outside.txt", work(), "moved.txt"), ESCAPED);
    IS(__wasi_path_link(work(), 0, "../outside.txt", work(), "linked.txt"), ESCAPED);
    IS(__wasi_path_link(work(), 0, "hello.txt", work(), "../linked.txt"), ESCAPED);
    IS(__wasi_path_symlink("x", work(), "../symlink"), ESCAPED);
    IS(open_in(work(), "../new.txt", __WASI_OFLAGS_CREAT, &file), ESCAPED);
    return true;
}

// Symlinks that the host made and that lead out.
static bool escapes_by_symlink(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    static const char *const outside[] = {"absolute", "up", "above", "above/outside.txt", "folder/../above/outside.txt"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        IS(open_for(work(), outside[i], 0, READ_RIGHTS, &file), ESCAPED);
        IS(__wasi_path_filestat_get(work(), FOLLOW, outside[i], &stat), ESCAPED);
    }
    IS(open_in(work(), "above/new.txt", __WASI_OFLAGS_CREAT, &file), ESCAPED);
    IS(__wasi_path_create_directory(work(), "above/made"), ESCAPED);
    IS(__wasi_path_unlink_file(work(), "above/outside.txt"), ESCAPED);
    IS(__wasi_path_rename(work(), "hello.txt", work(), "above/moved.txt"), ESCAPED);
    IS(__wasi_path_link(work(), 0, "above/outside.txt", work(), "linked.txt"), ESCAPED);
    // The links themselves are inside.
    OK(__wasi_path_filestat_get(work(), 0, "absolute", &stat));
    EQUALS(__WASI_FILETYPE_SYMBOLIC_LINK, stat.filetype);
    OK(__wasi_path_unlink_file(work(), "up"));
    return true;
}

static bool loops(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    IS(open_for(work(), "loop", 0, READ_RIGHTS, &file), __WASI_ERRNO_LOOP);
    IS(__wasi_path_filestat_get(work(), FOLLOW, "loop", &stat), __WASI_ERRNO_LOOP);
    OK(__wasi_path_filestat_get(work(), 0, "loop", &stat));
    OK(open_for(work(), "link", 0, READ_RIGHTS, &file));
    IS(__wasi_path_open(work(), 0, "link", 0, READ_RIGHTS, 0, 0, &file), __WASI_ERRNO_LOOP);
    OK(open_for(work(), "folder-link/file.txt", 0, READ_RIGHTS, &file));
    // In the middle of a path a symlink is followed always.
    OK(__wasi_path_open(work(), 0, "folder-link/file.txt", 0, READ_RIGHTS, 0, 0, &file));
    return true;
}

static bool filestat(void) {
    __wasi_filestat_t stat;
    OK(__wasi_path_filestat_get(work(), 0, "hello.txt", &stat));
    EQUALS(6, stat.size);
    EQUALS(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
    OK(__wasi_path_filestat_get(work(), 0, "link", &stat));
    EQUALS(__WASI_FILETYPE_SYMBOLIC_LINK, stat.filetype);
    EQUALS(9, stat.size);
    OK(__wasi_path_filestat_get(work(), FOLLOW, "link", &stat));
    EQUALS(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
    EQUALS(6, stat.size);
    IS(__wasi_path_filestat_get(work(), 0, "nowhere", &stat), __WASI_ERRNO_NOENT);
    IS(__wasi_path_filestat_get(BAD_FD, 0, "hello.txt", &stat), __WASI_ERRNO_BADF);
    return true;
}

static bool set_times(void) {
    __wasi_filestat_t stat;
    THAT(make_file("settimes.txt", "x", NULL));
    OK(__wasi_path_symlink("settimes.txt", work(), "settimes-link"));
    uint16_t both = __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM;
    OK(__wasi_path_filestat_set_times(work(), FOLLOW, "settimes-link", 1000000000, 2000000001, both));
    OK(__wasi_path_filestat_get(work(), 0, "settimes.txt", &stat));
    EQUALS(1000000000, stat.atim);
    EQUALS(2000000001, stat.mtim);
    OK(__wasi_path_filestat_set_times(work(), 0, "settimes-link", 3000000000, 4000000000, both));
    OK(__wasi_path_filestat_get(work(), 0, "settimes-link", &stat));
    EQUALS(4000000000, stat.mtim);
    OK(__wasi_path_filestat_get(work(), 0, "settimes.txt", &stat));
    EQUALS(2000000001, stat.mtim);
    IS(__wasi_path_filestat_set_times(work(), 0, "nowhere", 0, 0, both), __WASI_ERRNO_NOENT);
    IS(__wasi_path_filestat_set_times(work(), 0, "settimes.txt", 0, 0, both | __WASI_FSTFLAGS_MTIM_NOW), __WASI_ERRNO_INVAL);
    return true;
}

static bool links(void) {
    __wasi_filestat_t stat;
    THAT(make_file("link1.txt", "linked", NULL));
    OK(__wasi_path_link(work(), 0, "link1.txt", work(), "link2.txt"));
    OK(__wasi_path_filestat_get(work(), 0, "link1.txt", &stat));
    EQUALS(2, stat.nlink);
    THAT(content_is("link2.txt", "linked"));
    IS(__wasi_path_link(work(), 0, "link1.txt", work(), "link2.txt"), __WASI_ERRNO_EXIST);
    IS(__wasi_path_link(work(), 0, "nowhere", work(), "link3.txt"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_link(work(), 0, "link1.txt", work(), "nowhere/link.txt"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_link(work(), 0, "folder", work(), "folder2"), __WASI_ERRNO_PERM, __WASI_ERRNO_ACCES);
    IS(__wasi_path_link(work(), 0, "link1.txt", work(), "link4.txt/"), __WASI_ERRNO_NOENT, __WASI_ERRNO_NOTDIR);
    // Without following, the link is to the symlink.
    OK(__wasi_path_link(work(), 0, "link", work(), "link5"));
    OK(__wasi_path_filestat_get(work(), 0, "link5", &stat));
    EQUALS(__WASI_FILETYPE_SYMBOLIC_LINK, stat.filetype);
    IS(__wasi_path_link(work(), 0, "link1.txt", other(), "link.txt"), __WASI_ERRNO_XDEV);
    return true;
}

static bool readlink(void) {
    uint8_t buffer[32];
    size_t used;
    OK(__wasi_path_readlink(work(), "link", buffer, sizeof buffer, &used));
    THAT(used == 9 && memcmp(buffer, "hello.txt", 9) == 0);
    memset(buffer, '.', sizeof buffer);
    uint16_t error = __wasi_path_readlink(work(), "link", buffer, 4, &used);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_RANGE);
    THAT(error != 0 || (used == 4 && memcmp(buffer, "hell.", 5) == 0));
    OK(__wasi_path_readlink(work(), "loop", buffer, sizeof buffer, &used));
    IS(__wasi_path_readlink(work(), "hello.txt", buffer, sizeof buffer, &used), __WASI_ERRNO_INVAL);
    IS(__wasi_path_readlink(work(), "nowhere", buffer, sizeof buffer, &used), __WASI_ERRNO_NOENT);
    IS(__wasi_path_readlink(BAD_FD, "link", buffer, sizeof buffer, &used), __WASI_ERRNO_BADF);
    return true;
}

static bool rename_files(void) {
    THAT(make_file("old.txt", "old", NULL));
    THAT(make_file("new.txt", "new", NULL));
    OK(__wasi_path_rename(work(), "old.txt", work(), "moved.txt"));
    IS(exists("old.txt"), __WASI_ERRNO_NOENT);
    OK(__wasi_path_rename(work(), "moved.txt", work(), "new.txt"));
    THAT(content_is("new.txt", "old"));
    OK(__wasi_path_rename(work(), "new.txt", work(), "new.txt"));
    OK(__wasi_path_rename(work(), "new.txt", work(), "folder/new.txt"));
    THAT(content_is("folder/new.txt", "old"));
    IS(__wasi_path_rename(work(), "nowhere", work(), "x"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_rename(work(), "folder/new.txt", work(), "nowhere/x"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_rename(work(), "folder/new.txt", BAD_FD, "x"), __WASI_ERRNO_BADF);
    IS(__wasi_path_rename(work(), "folder/new.txt", other(), "new.txt"), __WASI_ERRNO_XDEV);
    OK(__wasi_path_rename(work(), "link", work(), "renamed-link"));
    OK(exists("renamed-link"));
    return true;
}

static bool rename_directories(void) {
    THAT(make_file("rename.txt", "x", NULL));
    OK(__wasi_path_create_directory(work(), "empty"));
    OK(__wasi_path_create_directory(work(), "full"));
    THAT(make_file("full/inner.txt", "inner", NULL));
    OK(__wasi_path_rename(work(), "full", work(), "empty"));
    THAT(content_is("empty/inner.txt", "inner"));
    OK(__wasi_path_create_directory(work(), "another"));
    IS(__wasi_path_rename(work(), "another", work(), "empty"), __WASI_ERRNO_NOTEMPTY, __WASI_ERRNO_EXIST);
    IS(__wasi_path_rename(work(), "rename.txt", work(), "empty"), __WASI_ERRNO_ISDIR);
    IS(__wasi_path_rename(work(), "empty", work(), "rename.txt"), __WASI_ERRNO_NOTDIR);
    IS(__wasi_path_rename(work(), "empty", work(), "empty/inner"), __WASI_ERRNO_INVAL);
    IS(__wasi_path_rename(work(), "rename.txt", work(), "other.txt/"), __WASI_ERRNO_NOTDIR, __WASI_ERRNO_ISDIR, __WASI_ERRNO_NOENT);
    OK(__wasi_path_rename(work(), "empty/", work(), "with-slash/"));
    return true;
}

static bool symlinks(void) {
    __wasi_filestat_t stat;
    OK(__wasi_path_symlink("hello.txt", work(), "made-link"));
    OK(__wasi_path_filestat_get(work(), FOLLOW, "made-link", &stat));
    EQUALS(6, stat.size);
    OK(__wasi_path_symlink("nowhere", work(), "dangling"));
    IS(__wasi_path_filestat_get(work(), FOLLOW, "dangling", &stat), __WASI_ERRNO_NOENT);
    IS(__wasi_path_symlink("hello.txt", work(), "made-link"), __WASI_ERRNO_EXIST);
    IS(__wasi_path_symlink("hello.txt", work(), "nowhere/link"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_symlink("hello.txt", work(), "slash-link/"), __WASI_ERRNO_NOENT, __WASI_ERRNO_NOTDIR, __WASI_ERRNO_ISDIR);
    IS(__wasi_path_symlink("", work(), "empty-link"), __WASI_ERRNO_NOENT, __WASI_ERRNO_INVAL);
    // A guest must not plant a way out for others.
    IS(__wasi_path_symlink("/etc/passwd", work(), "absolute-link"), ESCAPED);
    IS(__wasi_path_symlink("x", BAD_FD, "y"), __WASI_ERRNO_BADF);
    return true;
}

static bool dangling_target(void) {
    __wasi_fd_t file;
    OK(__wasi_path_symlink("target.txt", work(), "to-target"));
    IS(open_in(work(), "to-target", 0, &file), __WASI_ERRNO_NOENT);
    IS(open_in(work(), "to-target", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, &file), __WASI_ERRNO_EXIST);
    OK(open_in(work(), "to-target", __WASI_OFLAGS_CREAT, &file));
    OK(exists("target.txt"));
    return true;
}

static bool unlinks(void) {
    THAT(make_file("unlink.txt", "x", NULL));
    OK(__wasi_path_unlink_file(work(), "unlink.txt"));
    IS(exists("unlink.txt"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_unlink_file(work(), "unlink.txt"), __WASI_ERRNO_NOENT);
    IS(__wasi_path_unlink_file(work(), "folder"), __WASI_ERRNO_ISDIR, __WASI_ERRNO_PERM);
    IS(__wasi_path_unlink_file(work(), "folder/"), __WASI_ERRNO_ISDIR, __WASI_ERRNO_PERM);
    OK(__wasi_path_unlink_file(work(), "folder-link"));
    OK(exists("folder/file.txt"));
    OK(__wasi_path_unlink_file(work(), "loop"));
    IS(__wasi_path_unlink_file(BAD_FD, "x"), __WASI_ERRNO_BADF);
    return true;
}

#define REFUSED __WASI_ERRNO_ROFS, __WASI_ERRNO_PERM, __WASI_ERRNO_NOTCAPABLE, __WASI_ERRNO_ACCES

static bool read_only_directory(void) {
    __wasi_fd_t file;
    __wasi_filestat_t stat;
    char buffer[16];
    size_t count;
    OK(open_for(read_only(), "hello.txt", 0, READ_RIGHTS, &file));
    OK(read_all(file, buffer, sizeof buffer, &count));
    EQUALS(6, count);
    IS(write_text(file, "x"), __WASI_ERRNO_BADF, REFUSED);
    IS(__wasi_fd_filestat_set_size(file, 0), __WASI_ERRNO_BADF, __WASI_ERRNO_INVAL, REFUSED);
    IS(__wasi_fd_filestat_set_times(file, 0, 0, __WASI_FSTFLAGS_MTIM_NOW), __WASI_ERRNO_BADF, REFUSED);
    IS(open_for(read_only(), "hello.txt", 0, ALL_RIGHTS, &file), REFUSED);
    IS(open_for(read_only(), "hello.txt", __WASI_OFLAGS_TRUNC, READ_RIGHTS, &file), REFUSED);
    IS(open_for(read_only(), "new.txt", __WASI_OFLAGS_CREAT, READ_RIGHTS, &file), REFUSED);
    IS(__wasi_path_create_directory(read_only(), "made"), REFUSED);
    IS(__wasi_path_remove_directory(read_only(), "folder"), REFUSED);
    IS(__wasi_path_unlink_file(read_only(), "hello.txt"), REFUSED);
    IS(__wasi_path_symlink("x", read_only(), "symlink"), REFUSED);
    IS(__wasi_path_link(read_only(), 0, "hello.txt", read_only(), "linked.txt"), REFUSED);
    IS(__wasi_path_link(read_only(), 0, "hello.txt", work(), "linked.txt"), REFUSED);
    IS(__wasi_path_rename(read_only(), "hello.txt", read_only(), "renamed.txt"), REFUSED);
    IS(__wasi_path_rename(read_only(), "hello.txt", work(), "renamed.txt"), REFUSED);
    IS(__wasi_path_rename(work(), "hello.txt", read_only(), "renamed.txt"), REFUSED);
    IS(__wasi_path_filestat_set_times(read_only(), 0, "hello.txt", 0, 0, __WASI_FSTFLAGS_MTIM_NOW), REFUSED);
    OK(__wasi_path_filestat_get(read_only(), 0, "hello.txt", &stat));
    EQUALS(6, stat.size);
    return true;
}

// What is opened beneath a read-only directory is read-only as well.
static bool read_only_beneath(void) {
    __wasi_fd_t directory, file;
    OK(open_for(read_only(), "folder", __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, &directory));
    IS(open_for(directory, "new.txt", __WASI_OFLAGS_CREAT, ALL_RIGHTS, &file), REFUSED);
    IS(__wasi_path_create_directory(directory, "made"), REFUSED);
    return true;
}

static bool other_file_system(void) {
    __wasi_fd_t file;
    OK(open_in(other(), "file.txt", __WASI_OFLAGS_CREAT, &file));
    OK(write_text(file, "x"));
    IS(__wasi_path_rename(other(), "file.txt", work(), "file.txt"), __WASI_ERRNO_XDEV);
    OK(__wasi_path_unlink_file(other(), "file.txt"));
    return true;
}

const test path_tests[] = {
    {"path_open-oflags", open_flags, NULL}, {"path_open-fdflags", open_fdflags, NULL}, {"path_open-directory", open_directory, NULL},
    {"slashes", slashes, NULL}, {"names", names, NULL}, {"names-not-utf8", names_not_utf8, "?[uU][tT][fF]-?8"},
    {"escapes", escapes, NULL}, {"escapes-by-symlink", escapes_by_symlink, NULL},
    {"loops", loops, NULL}, {"path_filestat_get", filestat, NULL}, {"path_filestat_set_times", set_times, NULL},
    {"path_link", links, NULL}, {"path_readlink", readlink, NULL}, {"path_rename-files", rename_files, NULL},
    {"path_rename-directories", rename_directories, NULL}, {"path_symlink", symlinks, NULL}, {"dangling-symlink", dangling_target, NULL},
    {"path_unlink_file", unlinks, NULL}, {"read-only", read_only_directory, NULL}, {"read-only-beneath", read_only_beneath, NULL},
    {"other-file-system", other_file_system, NULL}, {NULL, NULL, NULL},
};
