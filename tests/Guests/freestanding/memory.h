// What a guest without libc needs of memory: an arena that the host fills through cabi_realloc and that we empty between chunks, so
// that a body of any length passes through the same few pages.
#pragma once
#include "wasi.h"

extern char __heap_base;
static char *arena_end;

static inline char *arena_mark(void) { return arena_end == NULL ? &__heap_base : arena_end; }

static inline void arena_reset(char *mark) { arena_end = mark; }

static inline void *arena_realloc(void *old, size_t old_size, size_t align, size_t size) {
    uintptr_t start = ((uintptr_t)arena_mark() + align - 1) & ~(uintptr_t)(align - 1);
    uintptr_t end = start + size;
    size_t pages = __builtin_wasm_memory_size(0);
    if (end > pages << 16 && __builtin_wasm_memory_grow(0, ((end + 0xFFFF) >> 16) - pages) == (size_t)-1) {
        __builtin_trap();
    }
    arena_end = (char *)end;
    for (size_t i = 0; i < old_size && i < size; i++) {
        ((char *)start)[i] = ((char *)old)[i];
    }
    return (void *)start;
}

// A guest that lies brings its own.
#ifndef OWN_REALLOC
EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    return arena_realloc(old, old_size, align, size);
}
#endif

static inline void *take(size_t size) { return arena_realloc(NULL, 0, 16, size); }

__attribute__((no_builtin)) void *memcpy(void *target, const void *source, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((char *)target)[i] = ((const char *)source)[i];
    }
    return target;
}

__attribute__((no_builtin)) void *memset(void *target, int value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((char *)target)[i] = (char)value;
    }
    return target;
}

static inline text literal(const char *string) {
    size_t size = 0;
    while (string[size] != 0) {
        size++;
    }
    return (text){(char *)string, size};
}

static inline bool equal(text left, text right) {
    if (left.size != right.size) {
        return false;
    }
    for (size_t i = 0; i < left.size; i++) {
        if (left.data[i] != right.data[i]) {
            return false;
        }
    }
    return true;
}

// If the text begins with the prefix: true, and the rest.
static inline bool after(text whole, const char *prefix, text *rest) {
    text start = literal(prefix);
    if (whole.size < start.size || !equal((text){whole.data, start.size}, start)) {
        return false;
    }
    *rest = (text){whole.data + start.size, whole.size - start.size};
    return true;
}

// Takes the text up to the separator out of the rest; all of it where there is none.
static inline text until(text *rest, char separator) {
    size_t i = 0;
    while (i < rest->size && rest->data[i] != separator) {
        i++;
    }
    text first = {rest->data, i};
    size_t skip = i < rest->size ? i + 1 : i;
    *rest = (text){rest->data + skip, rest->size - skip};
    return first;
}

static inline uint64_t number(text digits) {
    uint64_t value = 0;
    for (size_t i = 0; i < digits.size && digits.data[i] >= '0' && digits.data[i] <= '9'; i++) {
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return value;
}

static inline text decimal(uint64_t value) {
    char *end = (char *)take(20) + 20, *start = end;
    do {
        *--start = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return (text){start, (size_t)(end - start)};
}

// Texts appended one after the other; to be finished before anything else takes from the arena.
static inline text join(size_t count, const text *parts) {
    size_t size = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    char *data = take(size);
    for (size_t i = 0; i < count; i++) {
        memcpy(data + at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    return (text){data, size};
}
#define JOIN(...) join(sizeof((text[]){__VA_ARGS__}) / sizeof(text), (text[]){__VA_ARGS__})
