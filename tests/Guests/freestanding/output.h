// Writing to an output-stream.
#pragma once
#include "memory.h"

// As a guest should write: as much as the host permits, then wait. False when the reader is gone.
static inline bool write_all(handle stream, text data) {
    handle writable = 0;
    bool open = true;
    while (open && data.size > 0) {
        count_result permit;
        write_result written;
        output_check(stream, &permit);
        open = permit.failed == 0;
        if (open && permit.count == 0) {
            writable = writable != 0 ? writable : output_subscribe(stream);
            pollable_block(writable);
        } else if (open) {
            size_t size = permit.count < data.size ? (size_t)permit.count : data.size;
            output_write(stream, data.data, size, &written);
            open = written.failed == 0;
            data = (text){data.data + size, data.size - size};
        }
    }
    if (writable != 0) {
        pollable_drop(writable);
    }
    return open;
}
