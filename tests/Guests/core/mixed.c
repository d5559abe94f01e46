// A core module that imports Preview 1 and, beside it, component interfaces as the canonical ABI lowers them: what the older Spin and
// wit-bindgen toolchains made. The host finds memory and cabi_realloc among the exports.
#include "../freestanding/output.h"

#define PREVIEW1(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

PREVIEW1("fd_write") uint16_t fd_write(uint32_t fd, const text *pieces, size_t count, size_t *written);
PREVIEW1("args_sizes_get") uint16_t args_sizes_get(size_t *count, size_t *bytes);

static void print(text line) {
    size_t written;
    fd_write(1, &line, 1, &written);
}

EXPORT("_start") void start(void) {
    texts arguments;
    size_t count, bytes;
    handle out = get_stdout();
    args_sizes_get(&count, &bytes);
    get_arguments(&arguments);
    print(JOIN(literal("preview 1: "), decimal(count), literal(" arguments\n")));
    write_all(out, JOIN(literal("component: "), decimal(arguments.count), literal(" arguments, the last is "),
        arguments.items[arguments.count - 1], literal("\n")));
    output_drop(out);
    handle timer = subscribe_duration(1000000);
    pollable_block(timer);
    pollable_drop(timer);
    print(literal("and again\n"));
}
