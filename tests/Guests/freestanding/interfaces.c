// The interfaces of WASI 0.2 themselves, where no libc and no adapter reaches. interfaces [NAME…], --list: as the other suites, with the
// same directories, environment and stdin.
#include "output.h"

typedef struct {
    uint64_t seconds;
    uint32_t nanoseconds;
} datetime;

typedef struct {
    handle directory;
    text name;
} preopen;

typedef struct {
    preopen *items;
    size_t count;
} preopens;

// result<_, error-code>.
typedef struct {
    uint8_t failed;
    uint8_t code;
} done;

// result<own<T>, error-code>.
typedef struct {
    uint8_t failed;
    union {
        handle value;
        uint8_t code;
    };
} opened;

// result<tuple<list<u8>, bool>, error-code>.
typedef struct {
    uint8_t failed;
    union {
        struct {
            text data;
            uint8_t ended;
        };
        uint8_t code;
    };
} read_at;

// result<u64, error-code> and, with a second number, result<metadata-hash-value, error-code>.
typedef struct {
    uint8_t failed;
    union {
        uint64_t value[2];
        uint8_t code;
    };
} numbers;

// result<descriptor-stat, error-code>.
typedef struct {
    uint8_t failed;
    union {
        struct {
            uint8_t type;
            uint64_t links, size;
            struct {
                uint8_t is;
                datetime time;
            } accessed, modified, changed;
        };
        uint8_t code;
    };
} stat_result;

// result<option<directory-entry>, error-code>.
typedef struct {
    uint8_t failed;
    union {
        struct {
            uint8_t is;
            _Alignas(4) uint8_t type;
            text name;
        };
        uint8_t code;
    };
} entry_result;

_Static_assert(sizeof(stat_result) == 104 && sizeof(entry_result) == 20 && offsetof(entry_result, name) == 12, "layout");

#define FILES "wasi:filesystem/types"
FROM("wasi:filesystem/preopens", "get-directories") void get_directories(preopens *result);
FROM(FILES, "[method]descriptor.open-at")
void open_at(handle self, uint32_t follow, const char *path, size_t size, uint32_t open_flags, uint32_t flags, opened *result);
FROM(FILES, "[method]descriptor.read") void read_from(handle self, uint64_t length, uint64_t offset, read_at *result);
FROM(FILES, "[method]descriptor.write") void write_to(handle self, const char *data, size_t size, uint64_t offset, numbers *result);
FROM(FILES, "[method]descriptor.read-via-stream") void read_via_stream(handle self, uint64_t offset, opened *result);
FROM(FILES, "[method]descriptor.write-via-stream") void write_via_stream(handle self, uint64_t offset, opened *result);
FROM(FILES, "[method]descriptor.append-via-stream") void append_via_stream(handle self, opened *result);
FROM(FILES, "[method]descriptor.get-flags") void get_flags(handle self, done *result);
FROM(FILES, "[method]descriptor.get-type") void get_type(handle self, done *result);
FROM(FILES, "[method]descriptor.stat") void stat(handle self, stat_result *result);
FROM(FILES, "[method]descriptor.is-same-object") bool is_same_object(handle self, handle other);
FROM(FILES, "[method]descriptor.metadata-hash") void metadata_hash(handle self, numbers *result);
FROM(FILES, "[method]descriptor.metadata-hash-at")
void metadata_hash_at(handle self, uint32_t follow, const char *path, size_t size, numbers *result);
FROM(FILES, "[method]descriptor.read-directory") void read_directory(handle self, opened *result);
FROM(FILES, "[method]directory-entry-stream.read-directory-entry") void read_entry(handle self, entry_result *result);
FROM(FILES, "[method]descriptor.create-directory-at") void create_directory_at(handle self, const char *path, size_t size, done *result);
FROM(FILES, "[method]descriptor.unlink-file-at") void unlink_file_at(handle self, const char *path, size_t size, done *result);
FROM(FILES, "[method]descriptor.symlink-at")
void symlink_at(handle self, const char *old_path, size_t old_size, const char *new_path, size_t new_size, done *result);
FROM(FILES, "filesystem-error-code") void filesystem_error_code(handle error, done *result);
FROM(FILES, "[resource-drop]descriptor") void descriptor_drop(handle self);

FROM("wasi:cli/exit", "exit-with-code") void exit_with_code(uint32_t code);
FROM("wasi:cli/stdin", "get-stdin") handle get_stdin(void);
FROM("wasi:cli/environment", "initial-cwd") void initial_cwd(maybe_text *path);
FROM("wasi:cli/terminal-stdin", "get-terminal-stdin") void get_terminal_stdin(maybe_handle *result);
FROM("wasi:cli/terminal-stdout", "get-terminal-stdout") void get_terminal_stdout(maybe_handle *result);
FROM("wasi:cli/terminal-stderr", "get-terminal-stderr") void get_terminal_stderr(maybe_handle *result);
FROM("wasi:clocks/wall-clock", "now") void wall_now(datetime *result);
FROM("wasi:clocks/wall-clock", "resolution") void wall_resolution(datetime *result);
FROM("wasi:clocks/monotonic-clock", "now") uint64_t now(void);
FROM("wasi:clocks/monotonic-clock", "resolution") uint64_t resolution(void);
FROM("wasi:clocks/monotonic-clock", "subscribe-instant") handle subscribe_instant(uint64_t when);
FROM("wasi:io/poll", "[method]pollable.ready") bool is_ready(handle self);
FROM("wasi:random/random", "get-random-bytes") void get_random_bytes(uint64_t size, text *result);
FROM("wasi:random/insecure", "get-insecure-random-bytes") void get_insecure_bytes(uint64_t size, text *result);
FROM("wasi:random/insecure-seed", "insecure-seed") void insecure_seed(uint64_t result[2]);
FROM(STREAMS, "[method]input-stream.read") void input_read_now(handle self, uint64_t size, read_result *result);
FROM(STREAMS, "[method]input-stream.blocking-skip") void input_skip(handle self, uint64_t size, count_result *result);
FROM(STREAMS, "[method]input-stream.subscribe") handle input_subscribe(handle self);
FROM(STREAMS, "[method]output-stream.blocking-write-zeroes-and-flush")
void output_zeroes(handle self, uint64_t size, write_result *result);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            return #condition; \
        } \
    } while (0)

enum { CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8, READ = 1, WRITE = 2, MUTATE = 32 };
// Cases of filesystem's error-code.
enum { ACCESS = 0, BAD_DESCRIPTOR = 3, EXIST = 7, INVALID = 12, IS_DIRECTORY = 14, LOOP = 15, NO_ENTRY = 20, NOT_DIRECTORY = 24,
       NOT_PERMITTED = 31, READ_ONLY = 33 };

static handle directory(const char *name) {
    preopens all;
    handle found = -1;
    get_directories(&all);
    for (size_t i = 0; i < all.count; i++) {
        if (equal(all.items[i].name, literal(name))) {
            found = all.items[i].directory;
        }
    }
    return found;
}

static uint8_t open_as(handle from, const char *path, uint32_t open_flags, uint32_t flags, handle *file) {
    opened result;
    text name = literal(path);
    open_at(from, 1, name.data, name.size, open_flags, flags, &result);
    *file = result.failed ? -1 : result.value;
    return result.failed ? result.code : 0xFF;
}

#define OPENED 0xFF

static const char *arguments_and_environment(void) {
    texts arguments;
    pairs variables;
    bool found = false;
    get_arguments(&arguments);
    CHECK(arguments.count == 2 && equal(arguments.items[1], literal("arguments-and-environment")));
    get_environment(&variables);
    for (size_t i = 0; i < variables.count; i++) {
        found |= equal(variables.items[i].name, literal("SUITE")) && equal(variables.items[i].value, literal("a=b"));
        CHECK(!equal(variables.items[i].name, literal("PATH")));
    }
    CHECK(found);
    maybe_text path;
    initial_cwd(&path);
    CHECK(path.is == 0 || path.value.size > 0);
    return NULL;
}

static const char *stdin_to_its_end(void) {
    handle in = get_stdin();
    read_result result;
    input_read(in, 3, &result);
    CHECK(result.failed == 0 && equal(result.data, literal("inp")));
    input_read(in, 100, &result);
    CHECK(result.failed == 0 && equal(result.data, literal("ut")));
    input_read(in, 100, &result);
    CHECK(result.failed == 1 && result.closed == 1);
    input_read_now(in, 100, &result);
    CHECK(result.failed == 1 && result.closed == 1);
    handle ready = input_subscribe(in);
    pollable_block(ready);
    CHECK(is_ready(ready));
    return NULL;
}

// Pipes are no terminals.
static const char *terminals(void) {
    maybe_handle found;
    get_terminal_stdin(&found);
    CHECK(found.is == 0);
    get_terminal_stdout(&found);
    CHECK(found.is == 0);
    get_terminal_stderr(&found);
    CHECK(found.is == 0);
    return NULL;
}

static const char *exit_42(void) {
    exit_with_code(42);
    return "still here";
}

static const char *exit_well(void) {
    exit_with(0);
    return "still here";
}

static const char *exit_badly(void) {
    exit_with(1);
    return "still here";
}

static const char *clocks(void) {
    datetime time;
    wall_resolution(&time);
    CHECK(time.seconds == 0 && time.nanoseconds > 0);
    wall_now(&time);
    CHECK(time.seconds > 1704067200 && time.nanoseconds < 1000000000);
    CHECK(resolution() > 0 && resolution() <= 1000000000);
    uint64_t before = now();
    handle timer = subscribe_instant(before + 20000000);
    CHECK(!is_ready(timer));
    pollable_block(timer);
    CHECK(is_ready(timer) && now() >= before + 20000000);
    handle past = subscribe_instant(0), at_once = subscribe_duration(0);
    pollable_block(past);
    pollable_block(at_once);
    CHECK(is_ready(past) && is_ready(at_once));
    CHECK(!is_ready(subscribe_duration(~0ull)));
    return NULL;
}

static const char *polls(void) {
    handle three[3] = {subscribe_duration(60000000000), subscribe_duration(0), subscribe_duration(1000000)};
    text ready;
    poll(three, 3, &ready);
    uint32_t *found = (uint32_t *)ready.data;
    CHECK(ready.size >= 1 && found[0] == 1 && (ready.size == 1 || found[1] == 2));
    // The same pollable twice is two answers.
    handle twice[2] = {three[1], three[1]};
    poll(twice, 2, &ready);
    CHECK(ready.size == 2);
    return NULL;
}

static const char *randoms(void) {
    text first, second;
    uint64_t seed[2];
    get_random_bytes(1000, &first);
    get_random_bytes(1000, &second);
    CHECK(first.size == 1000 && second.size == 1000 && !equal(first, second));
    get_random_bytes(0, &first);
    CHECK(first.size == 0);
    get_insecure_bytes(1000, &second);
    CHECK(second.size == 1000);
    insecure_seed(seed);
    CHECK(seed[0] != 0 || seed[1] != 0);
    return NULL;
}

static const char *files_by_position(void) {
    handle file;
    numbers written;
    read_at got;
    stat_result status;
    CHECK(open_as(directory("/"), "position.txt", CREATE | EXCLUSIVE, READ | WRITE, &file) == OPENED);
    write_to(file, "0123456789", 10, 0, &written);
    CHECK(written.failed == 0 && written.value[0] == 10);
    write_to(file, "ab", 2, 12, &written);
    CHECK(written.failed == 0 && written.value[0] == 2);
    read_from(file, 4, 2, &got);
    CHECK(got.failed == 0 && equal(got.data, literal("2345")));
    read_from(file, 100, 14, &got);
    CHECK(got.failed == 0 && got.data.size == 0 && got.ended);
    stat(file, &status);
    CHECK(status.failed == 0 && status.type == 6 && status.size == 14 && status.links == 1 && status.modified.is);
    return NULL;
}

static const char *files_by_streams(void) {
    handle file;
    opened stream;
    read_result got;
    count_result skipped;
    CHECK(open_as(directory("/"), "streams.txt", CREATE, READ | WRITE, &file) == OPENED);
    write_via_stream(file, 2, &stream);
    CHECK(stream.failed == 0 && write_all(stream.value, literal("cdef")));
    write_result flushed;
    output_flush(stream.value, &flushed);
    CHECK(flushed.failed == 0);
    output_drop(stream.value);
    append_via_stream(file, &stream);
    CHECK(stream.failed == 0 && write_all(stream.value, literal("gh")));
    output_zeroes(stream.value, 3, &flushed);
    CHECK(flushed.failed == 0);
    output_drop(stream.value);
    read_via_stream(file, 1, &stream);
    CHECK(stream.failed == 0);
    input_skip(stream.value, 2, &skipped);
    CHECK(skipped.failed == 0 && skipped.count == 2);
    input_read(stream.value, 100, &got);
    CHECK(got.failed == 0 && equal(got.data, ((text){"defgh\0\0\0", 8})));
    input_read(stream.value, 100, &got);
    CHECK(got.failed == 1 && got.closed == 1);
    return NULL;
}

static const char *splices(void) {
    handle file;
    opened from, to;
    count_result moved;
    read_at got;
    CHECK(open_as(directory("/"), "spliced.txt", CREATE, READ | WRITE, &file) == OPENED);
    handle source;
    CHECK(open_as(directory("/"), "hello.txt", 0, READ, &source) == OPENED);
    read_via_stream(source, 0, &from);
    write_via_stream(file, 0, &to);
    output_splice(to.value, from.value, 100, &moved);
    CHECK(moved.failed == 0 && moved.count == 6);
    output_splice(to.value, from.value, 100, &moved);
    CHECK(moved.failed == 1 && moved.closed == 1);
    read_from(file, 100, 0, &got);
    CHECK(equal(got.data, literal("hello\n")));
    return NULL;
}

static const char *errors_of_files(void) {
    handle root = directory("/"), fixed = directory("/ro"), file;
    done result;
    CHECK(open_as(root, "nowhere", 0, READ, &file) == NO_ENTRY);
    CHECK(open_as(root, "hello.txt", CREATE | EXCLUSIVE, READ, &file) == EXIST);
    CHECK(open_as(root, "hello.txt", DIRECTORY, READ, &file) == NOT_DIRECTORY);
    CHECK(open_as(root, "folder", 0, READ | WRITE, &file) == IS_DIRECTORY);
    CHECK(open_as(root, "loop", 0, READ, &file) == LOOP);
    CHECK(open_as(root, "../outside.txt", 0, READ, &file) == NOT_PERMITTED);
    CHECK(open_as(root, "/etc/passwd", 0, READ, &file) == NOT_PERMITTED);
    CHECK(open_as(root, "absolute", 0, READ, &file) == NOT_PERMITTED);
    uint8_t code = open_as(fixed, "hello.txt", TRUNCATE, READ | WRITE, &file);
    CHECK(code == READ_ONLY || code == NOT_PERMITTED || code == ACCESS);
    create_directory_at(fixed, "made", 4, &result);
    CHECK(result.failed == 1 && (result.code == READ_ONLY || result.code == NOT_PERMITTED || result.code == ACCESS));
    symlink_at(root, "/etc/passwd", 11, "planted", 7, &result);
    CHECK(result.failed == 1 && result.code == NOT_PERMITTED);
    unlink_file_at(root, "folder", 6, &result);
    CHECK(result.failed == 1 && (result.code == IS_DIRECTORY || result.code == NOT_PERMITTED));
    return NULL;
}

static const char *flags_and_types(void) {
    handle file;
    done result;
    CHECK(open_as(directory("/"), "hello.txt", 0, READ, &file) == OPENED);
    get_flags(file, &result);
    CHECK(result.failed == 0 && (result.code & (READ | WRITE)) == READ);
    get_type(file, &result);
    CHECK(result.failed == 0 && result.code == 6);
    get_flags(directory("/"), &result);
    CHECK(result.failed == 0 && (result.code & (READ | MUTATE)) == (READ | MUTATE));
    get_flags(directory("/ro"), &result);
    CHECK(result.failed == 0 && (result.code & (READ | MUTATE)) == READ);
    get_type(directory("/"), &result);
    CHECK(result.failed == 0 && result.code == 3);
    return NULL;
}

static const char *same_objects(void) {
    handle first, second, another;
    numbers one, two;
    CHECK(open_as(directory("/"), "hello.txt", 0, READ, &first) == OPENED);
    CHECK(open_as(directory("/"), "link", 0, READ, &second) == OPENED);
    CHECK(open_as(directory("/"), "folder/file.txt", 0, READ, &another) == OPENED);
    CHECK(is_same_object(first, second) && !is_same_object(first, another));
    metadata_hash(first, &one);
    metadata_hash_at(directory("/"), 1, "link", 4, &two);
    CHECK(one.failed == 0 && two.failed == 0 && one.value[0] == two.value[0] && one.value[1] == two.value[1]);
    metadata_hash(another, &two);
    CHECK(two.failed == 0 && (one.value[0] != two.value[0] || one.value[1] != two.value[1]));
    return NULL;
}

static const char *directory_entries(void) {
    opened stream;
    entry_result entry;
    unsigned found = 0;
    read_directory(directory("/"), &stream);
    CHECK(stream.failed == 0);
    for (;;) {
        read_entry(stream.value, &entry);
        CHECK(entry.failed == 0);
        if (!entry.is) {
            break;
        }
        // Unlike Preview 1's, this list is of what is within.
        CHECK(!equal(entry.name, literal(".")) && !equal(entry.name, literal("..")));
        found |= equal(entry.name, literal("hello.txt")) && entry.type == 6 ? 1 : 0;
        found |= equal(entry.name, literal("folder")) && entry.type == 3 ? 2 : 0;
        found |= equal(entry.name, literal("link")) && entry.type == 5 ? 4 : 0;
    }
    CHECK(found == 7);
    read_entry(stream.value, &entry);
    CHECK(entry.failed == 0 && entry.is == 0);
    return NULL;
}

static const char *errors_of_streams(void) {
    handle file;
    opened stream;
    CHECK(open_as(directory("/"), "folder", DIRECTORY, READ, &file) == OPENED);
    read_via_stream(file, 0, &stream);
    // Refused at once, or when the stream is read.
    if (stream.failed) {
        CHECK(stream.code == IS_DIRECTORY || stream.code == BAD_DESCRIPTOR || stream.code == INVALID);
        return NULL;
    }
    read_result got;
    input_read(stream.value, 10, &got);
    CHECK(got.failed == 1 && got.closed == 0);
    done code;
    text message;
    filesystem_error_code(got.error, &code);
    CHECK(code.failed == 1 && (code.code == IS_DIRECTORY || code.code == BAD_DESCRIPTOR));
    error_text(got.error, &message);
    CHECK(message.size > 0);
    return NULL;
}

static const struct {
    const char *name;
    const char *(*run)(void);
    const char *end;
} tests[] = {
    {"arguments-and-environment", arguments_and_environment, ""}, {"stdin", stdin_to_its_end, ""}, {"terminals", terminals, ""},
    {"exit-with-code", exit_42, "=42"}, {"exit-well", exit_well, "=0"}, {"exit-badly", exit_badly, "=1"}, {"clocks-0.2", clocks, ""},
    {"poll", polls, ""}, {"random", randoms, ""}, {"files-by-position", files_by_position, ""},
    {"files-by-streams", files_by_streams, ""}, {"splice", splices, ""}, {"errors-of-files", errors_of_files, ""},
    {"flags-and-types", flags_and_types, ""}, {"same-objects", same_objects, ""}, {"directory-entries", directory_entries, ""},
    {"errors-of-streams", errors_of_streams, ""},
};

static void print(text line) { write_all(get_stdout(), line); }

EXPORT("wasi:cli/run" VERSION "#run") uint32_t run(void) {
    texts arguments;
    bool good = true, found = false;
    get_arguments(&arguments);
    text wanted = arguments.count > 1 ? arguments.items[1] : literal("--list");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (equal(wanted, literal("--list"))) {
            print(JOIN(literal(tests[i].name), literal("\t"), literal(tests[i].end), literal("\n")));
            found = true;
        } else if (equal(wanted, literal(tests[i].name))) {
            const char *failure = tests[i].run();
            print(failure == NULL
                ? JOIN(literal("ok "), wanted, literal("\n"))
                : JOIN(literal("FAIL "), wanted, literal(": expected that "), literal(failure), literal("\n")));
            good = failure == NULL;
            found = true;
        }
    }
    return !(good && found);
}
