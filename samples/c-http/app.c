// wasi:http in C without libc: the functions of the interfaces, as the component model flattens them to core WebAssembly.
#include <stddef.h>
#include <stdint.h>

#define HTTP(name) __attribute__((import_module("wasi:http/types@0.2.12"), import_name(name)))
#define IO(name) __attribute__((import_module("wasi:io/streams@0.2.12"), import_name(name)))

// result<own<T>>: an error where failed is not 0, else a handle.
typedef struct {
    uint8_t failed;
    int32_t handle;
} opened;

HTTP("[constructor]fields") int32_t fields(void);
HTTP("[method]fields.append")
void append(int32_t self, const char *name, size_t name_size, const char *value, size_t value_size, uint8_t result[2]);
HTTP("[constructor]outgoing-response") int32_t response(int32_t headers);
HTTP("[method]outgoing-response.body") void response_body(int32_t self, opened *body);
HTTP("[static]response-outparam.set")
void answer(int32_t outparam, int32_t failed, int32_t response, int32_t, int64_t, int32_t, int32_t, int32_t, int32_t);
HTTP("[method]outgoing-body.write") void body_stream(int32_t self, opened *stream);
HTTP("[static]outgoing-body.finish") void finish(int32_t self, int32_t has_trailers, int32_t trailers, uint64_t result[5]);
IO("[method]output-stream.blocking-write-and-flush") void write(int32_t self, const char *data, size_t size, uint32_t result[3]);
IO("[resource-drop]output-stream") void drop_stream(int32_t self);

static void need(uint8_t failed) {
    if (failed) {
        __builtin_trap();
    }
}

__attribute__((export_name("wasi:http/incoming-handler@0.2.12#handle"))) void handle(int32_t request, int32_t outparam) {
    static const char text[] = "Hello from C!\n";
    opened body, stream;
    uint8_t appended[2];
    uint32_t written[3];
    uint64_t finished[5];
    (void)request;
    int32_t headers = fields();
    append(headers, "content-type", 12, "text/plain", 10, appended);
    need(appended[0]);
    int32_t it = response(headers);
    response_body(it, &body);
    need(body.failed);
    body_stream(body.handle, &stream);
    need(stream.failed);
    // From here on the client sees it; the body follows.
    answer(outparam, 0, it, 0, 0, 0, 0, 0, 0);
    write(stream.handle, text, sizeof text - 1, written);
    need((uint8_t)written[0]);
    drop_stream(stream.handle);
    finish(body.handle, 0, 0, finished);
    need((uint8_t)finished[0]);
}

// Where the host puts strings and lists that it gives to this guest: this one takes none.
__attribute__((export_name("cabi_realloc"))) void *take(void *old, size_t old_size, size_t align, size_t size) {
    (void)old, (void)old_size, (void)align, (void)size;
    __builtin_trap();
}
