// A command that lies to its host: each verb breaks one rule of the canonical ABI, and the host must end this guest with a trap that
// says which. `--list` gives each verb and what the trap's text must contain (an extended regular expression).
#define OWN_REALLOC
#include "output.h"

// What cabi_realloc does from now on.
static enum { HONEST, BEYOND, UNALIGNED, TRAPPING, CALLING, GROWING } reallocation;
static bool leave_after_return;
static texts arguments;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    switch (reallocation) {
        case BEYOND: return (void *)(uintptr_t)0xFFFFFFF0;
        case UNALIGNED: return (char *)arena_realloc(old, old_size, 16, size + 16) + 1;
        case TRAPPING: __builtin_trap();
        case CALLING: get_random_u64(); break;
        case GROWING: {
            // What was the end is now far from it: a host that keeps a pointer into the old memory writes where nothing is.
            size_t pages = __builtin_wasm_memory_grow(0, 256);
            arena_reset((char *)(pages << 16));
            break;
        }
        default: break;
    }
    return arena_realloc(old, old_size, align, size);
}

#define WILD ((void *)(uintptr_t)0xFFFFFFF8)

static write_result written;

static void list_beyond(void) { output_write(get_stdout(), (char *)WILD, 64, &written); }
static void list_endless(void) { output_write(get_stdout(), NULL, 0xFFFFFFFF, &written); }
static void list_around(void) { output_write(get_stdout(), (char *)(uintptr_t)0xFFFFFFFF, 2, &written); }
static void list_unaligned(void) {
    text ready;
    handle both[2] = {subscribe_duration(0), 0};
    memcpy((char *)both + 1, both, sizeof(handle));
    poll((handle *)((char *)both + 1), 1, &ready);
}
static void empty_list_unaligned(void) {
    text ready;
    poll((handle *)(uintptr_t)1, 0, &ready);
}
// The length is right as a count, and wraps as bytes: 0x40000001 * 4.
static void list_wraps(void) {
    text ready;
    poll((handle *)(uintptr_t)16, 0x40000001, &ready);
}
static void poll_nothing(void) {
    text ready;
    poll((handle *)(uintptr_t)16, 0, &ready);
}

static void area_beyond(void) { output_check(get_stdout(), WILD); }
static void area_unaligned(void) {
    char room[64];
    output_check(get_stdout(), (count_result *)(((uintptr_t)room & ~(uintptr_t)15) + 12));
}

static uint32_t answer[2];
static void string_not_utf8(void) { resolve_addresses(instance_network(), "local\xFFhost", 10, answer); }
static void string_surrogate(void) { resolve_addresses(instance_network(), "\xED\xA0\x80", 3, answer); }
static void string_cut(void) { resolve_addresses(instance_network(), "local\xE2\x82", 7, answer); }
static void string_beyond(void) { resolve_addresses(instance_network(), WILD, 100, answer); }

static void enum_beyond(void) { create_tcp_socket(2, answer); }
static void enum_huge(void) { create_tcp_socket(0x100, answer); }
static void result_beyond(void) { exit_with(2); }

static void handle_unknown(void) { pollable_block(12345); }
static void handle_zero(void) { pollable_block(0); }
static void handle_negative(void) { pollable_block(-1); }
static void handle_of_another_type(void) { pollable_block(get_stdout()); }
static void drop_of_another_type(void) { pollable_drop(get_stdout()); }
static void drop_twice(void) {
    handle out = get_stdout();
    output_drop(out);
    output_drop(out);
}
static void use_after_drop(void) {
    handle out = get_stdout();
    output_drop(out);
    output_write(out, "x", 1, &written);
}
static void list_of_unknown_handles(void) {
    text ready;
    handle some[2] = {subscribe_duration(0), 777};
    poll(some, 2, &ready);
}
static void splice_from_output(void) {
    count_result result;
    output_splice(get_stdout(), get_stderr(), 1, &result);
}

static void write_beyond_permit(void) {
    count_result permit;
    handle out = get_stdout();
    output_check(out, &permit);
    size_t size = (size_t)permit.count + 1;
    output_write(out, take(size), size, &written);
}
static void write_and_flush_too_much(void) { output_write_and_flush(get_stdout(), take(4097), 4097, &written); }

static void reallocate(int how) {
    reallocation = how;
    get_arguments(&arguments);
    reallocation = HONEST;
}
static void realloc_beyond(void) { reallocate(BEYOND); }
static void realloc_unaligned(void) { reallocate(UNALIGNED); }
static void realloc_traps(void) { reallocate(TRAPPING); }
static void realloc_calls_out(void) { reallocate(CALLING); }

static void leave_in_post_return(void) { leave_after_return = true; }
static void return_beyond(void) {}

static uint32_t depth(uint32_t level) { return level == 0xFFFFFFFF ? 0 : depth(level + 1) * 3 + level; }
static void recurse(void) { output_write(get_stdout(), "", depth(1) & 0, &written); }
static void divide(void) {
    volatile int32_t zero = 0;
    volatile int32_t result = (int32_t)arguments.count / zero;
    (void)result;
}
static void load_beyond(void) { (void)*(volatile char *)WILD; }
static void call_nothing(void) { ((void (*)(void))(uintptr_t)99999)(); }

// Not lies: what a host must take.
static void realloc_grows(void) {
    reallocate(GROWING);
    text verb = arguments.items[1];
    write_all(get_stdout(), JOIN(literal("ok "), verb, literal("\n")));
}

static const struct {
    const char *name;
    void (*run)(void);
    const char *trap;
} verbs[] = {
    {"list-beyond", list_beyond, "out.of.bounds"},
    {"list-endless", list_endless, "out.of.bounds|too large|too long"},
    {"list-around", list_around, "out.of.bounds"},
    {"list-wraps", list_wraps, "out.of.bounds|overflow|too large|too long"},
    {"list-unaligned", list_unaligned, "unaligned pointer|not aligned"},
    {"empty-list-unaligned", empty_list_unaligned, "unaligned pointer|not aligned"},
    {"poll-nothing", poll_nothing, "empty"},
    {"area-beyond", area_beyond, "out.of.bounds"},
    {"area-unaligned", area_unaligned, "unaligned pointer|not aligned"},
    {"string-not-utf8", string_not_utf8, "[uU][tT][fF]-?8"},
    {"string-surrogate", string_surrogate, "[uU][tT][fF]-?8"},
    {"string-cut", string_cut, "[uU][tT][fF]-?8"},
    {"string-beyond", string_beyond, "out.of.bounds"},
    {"enum-beyond", enum_beyond, "discriminant"},
    {"enum-huge", enum_huge, "discriminant"},
    {"result-beyond", result_beyond, "discriminant"},
    {"handle-unknown", handle_unknown, "unknown handle index 12345"},
    {"handle-zero", handle_zero, "unknown handle index 0"},
    {"handle-negative", handle_negative, "unknown handle index"},
    {"handle-of-another-type", handle_of_another_type, "used with the wrong type"},
    {"drop-of-another-type", drop_of_another_type, "used with the wrong type"},
    {"drop-twice", drop_twice, "unknown handle index"},
    {"use-after-drop", use_after_drop, "unknown handle index"},
    {"list-of-unknown-handles", list_of_unknown_handles, "unknown handle index 777"},
    {"splice-from-output", splice_from_output, "used with the wrong type"},
    {"write-beyond-permit", write_beyond_permit, "exceed|permit"},
    {"write-and-flush-too-much", write_and_flush_too_much, "4096"},
    {"realloc-beyond", realloc_beyond, "realloc|out.of.bounds"},
    {"realloc-unaligned", realloc_unaligned, "realloc|unaligned pointer|not aligned"},
    {"realloc-traps", realloc_traps, "unreachable"},
    {"realloc-calls-out", realloc_calls_out, "cannot leave component instance"},
    {"leave-in-post-return", leave_in_post_return, "cannot leave component instance"},
    {"return-beyond", return_beyond, "discriminant"},
    {"recurse", recurse, "stack"},
    {"divide", divide, "divide by zero"},
    {"load-beyond", load_beyond, "out.of.bounds"},
    {"call-nothing", call_nothing, "undefined element|out.of.bounds"},
    {"realloc-grows", realloc_grows, ""},
};

EXPORT("wasi:cli/run" VERSION "#run") uint32_t run(void) {
    get_arguments(&arguments);
    text verb = arguments.count > 1 ? arguments.items[1] : literal("--list");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (equal(verb, literal("--list"))) {
            write_all(get_stdout(), JOIN(literal(verbs[i].name), literal("\t"), literal(verbs[i].trap), literal("\n")));
        } else if (equal(verb, literal(verbs[i].name))) {
            verbs[i].run();
            return verbs[i].run == return_beyond ? 2 : 0;
        }
    }
    return !equal(verb, literal("--list"));
}

EXPORT("cabi_post_wasi:cli/run" VERSION "#run") void after_run(uint32_t failed) {
    (void)failed;
    if (leave_after_return) {
        get_random_u64();
    }
}
