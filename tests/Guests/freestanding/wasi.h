// The WASI 0.2 functions that the guests beside it call, as the canonical ABI flattens them: at most 16 flat parameters, and a pointer to a
// return area as the last one when a function returns more than one flat value. Layouts are in comments beside the declarations
// as offset:field; a variant's payload begins at the alignment of its widest case.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERSION "@0.2.12"
#define FROM(interface, function) __attribute__((import_module(interface VERSION), import_name(function)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef int32_t handle;

// string and list<u8>: 0:pointer 4:length.
typedef struct {
    char *data;
    size_t size;
} text;

// tuple<string, string> and tuple<string, list<u8>>.
typedef struct {
    text name;
    text value;
} pair;

typedef struct {
    pair *items;
    size_t count;
} pairs;

// option<string>; variant method (other(string) is case 9) has the same layout.
typedef struct {
    uint8_t is;
    text value;
} maybe_text;

// result<own<T>>, result<own<T>, header-error>, option<own<T>>.
typedef struct {
    uint8_t is;
    handle value;
} maybe_handle;

// result<list<u8>, stream-error>. stream-error: 0:last-operation-failed(own error) 1:closed.
typedef struct {
    uint8_t failed;
    union {
        text data;
        struct {
            uint8_t closed;
            handle error;
        };
    };
} read_result;

// result<u64, stream-error>.
typedef struct {
    uint8_t failed;
    union {
        uint64_t count;
        struct {
            uint8_t closed;
            handle error;
        };
    };
} count_result;

// result<_, stream-error>.
typedef struct {
    uint8_t failed;
    uint8_t pad[3];
    uint8_t closed;
    handle error;
} write_result;

// variant error-code: 0:case 8:payload, 32 bytes, aligned to 8 for the option<u64> of some cases.
typedef struct {
    _Alignas(8) uint8_t code;
    _Alignas(8) uint8_t payload[24];
} error_code;

// result<own<future-incoming-response>, error-code>, result<_, error-code>, result<option<own<trailers>>, error-code>.
typedef struct {
    uint8_t failed;
    union {
        handle value;
        maybe_handle maybe;
        error_code error;
    };
} outcome;

// option<result<outcome>>: what future-incoming-response.get and future-trailers.get answer.
typedef struct {
    uint8_t ready;
    _Alignas(8) uint8_t taken;
    _Alignas(8) outcome outcome;
} future;

_Static_assert(sizeof(read_result) == 12 && sizeof(count_result) == 16 && sizeof(error_code) == 32, "layout");
_Static_assert(sizeof(outcome) == 40 && sizeof(future) == 56 && offsetof(future, outcome) == 16, "layout");

#define TYPES "wasi:http/types"
FROM(TYPES, "[constructor]fields") handle fields_new(void);
FROM(TYPES, "[static]fields.from-list") void fields_from_list(const pair *items, size_t count, maybe_handle *result);
FROM(TYPES, "[method]fields.append")
void fields_append(handle self, const char *name, size_t name_size, const char *value, size_t value_size, uint8_t result[2]);
FROM(TYPES, "[method]fields.set")
void fields_set(handle self, const char *name, size_t name_size, const text *values, size_t count, uint8_t result[2]);
FROM(TYPES, "[method]fields.delete") void fields_delete(handle self, const char *name, size_t name_size, uint8_t result[2]);
FROM(TYPES, "[method]fields.get") void fields_get(handle self, const char *name, size_t name_size, text *list);
FROM(TYPES, "[method]fields.has") bool fields_has(handle self, const char *name, size_t name_size);
FROM(TYPES, "[method]fields.clone") handle fields_clone(handle self);
FROM(TYPES, "[method]fields.entries") void fields_entries(handle self, pairs *result);
FROM(TYPES, "[resource-drop]fields") void fields_drop(handle self);

FROM(TYPES, "[method]incoming-request.method") void request_method(handle self, maybe_text *method);
FROM(TYPES, "[method]incoming-request.path-with-query") void request_path(handle self, maybe_text *path);
// option<scheme>: 0:is 4:case (HTTP, HTTPS, other) 8:other's string.
FROM(TYPES, "[method]incoming-request.scheme") void request_scheme(handle self, uint32_t result[4]);
FROM(TYPES, "[method]incoming-request.authority") void request_authority(handle self, maybe_text *authority);
FROM(TYPES, "[method]incoming-request.headers") handle request_headers(handle self);
FROM(TYPES, "[method]incoming-request.consume") void request_consume(handle self, maybe_handle *body);
FROM(TYPES, "[resource-drop]incoming-request") void request_drop(handle self);

FROM(TYPES, "[method]incoming-body.stream") void incoming_body_stream(handle self, maybe_handle *stream);
FROM(TYPES, "[static]incoming-body.finish") handle incoming_body_finish(handle self);
FROM(TYPES, "[resource-drop]incoming-body") void incoming_body_drop(handle self);
FROM(TYPES, "[method]future-trailers.subscribe") handle future_trailers_subscribe(handle self);
FROM(TYPES, "[method]future-trailers.get") void future_trailers_get(handle self, future *result);
FROM(TYPES, "[resource-drop]future-trailers") void future_trailers_drop(handle self);

FROM(TYPES, "[constructor]outgoing-response") handle response_new(handle headers);
FROM(TYPES, "[method]outgoing-response.set-status-code") bool response_set_status(handle self, uint32_t status);
FROM(TYPES, "[method]outgoing-response.body") void response_body(handle self, maybe_handle *body);
// result<outgoing-response, error-code> flattens to the result's case, then the join of an own handle and of error-code's case
// and payload: i32 (its case or the handle), i32, i64 (option<u64>'s number), four more i32.
FROM(TYPES, "[static]response-outparam.set")
void outparam_set(handle self, uint32_t failed, uint32_t handle_or_code, uint32_t p0, uint64_t p1, uint32_t p2, uint32_t p3, uint32_t p4, uint32_t p5);

FROM(TYPES, "[method]outgoing-body.write") void outgoing_body_write(handle self, maybe_handle *stream);
FROM(TYPES, "[static]outgoing-body.finish") void outgoing_body_finish(handle self, uint32_t has_trailers, handle trailers, outcome *result);
FROM(TYPES, "[resource-drop]outgoing-body") void outgoing_body_drop(handle self);

FROM(TYPES, "[constructor]outgoing-request") handle outgoing_new(handle headers);
FROM(TYPES, "[method]outgoing-request.set-method") bool outgoing_set_method(handle self, uint32_t method, const char *other, size_t size);
FROM(TYPES, "[method]outgoing-request.set-path-with-query") bool outgoing_set_path(handle self, uint32_t is, const char *path, size_t size);
FROM(TYPES, "[method]outgoing-request.set-scheme")
bool outgoing_set_scheme(handle self, uint32_t is, uint32_t scheme, const char *other, size_t size);
FROM(TYPES, "[method]outgoing-request.set-authority") bool outgoing_set_authority(handle self, uint32_t is, const char *name, size_t size);
FROM(TYPES, "[method]outgoing-request.body") void outgoing_body(handle self, maybe_handle *body);
FROM(TYPES, "[constructor]request-options") handle options_new(void);
FROM(TYPES, "[method]request-options.set-first-byte-timeout") bool options_set_first_byte(handle self, uint32_t is, uint64_t nanoseconds);
FROM(TYPES, "[method]request-options.set-between-bytes-timeout") bool options_set_between_bytes(handle self, uint32_t is, uint64_t nanoseconds);
FROM("wasi:http/outgoing-handler", "handle") void outgoing_handle(handle request, uint32_t has_options, handle options, outcome *result);
FROM(TYPES, "[method]future-incoming-response.subscribe") handle future_response_subscribe(handle self);
FROM(TYPES, "[method]future-incoming-response.get") void future_response_get(handle self, future *result);
FROM(TYPES, "[resource-drop]future-incoming-response") void future_response_drop(handle self);
FROM(TYPES, "[method]incoming-response.status") uint32_t incoming_status(handle self);
FROM(TYPES, "[method]incoming-response.headers") handle incoming_headers(handle self);
FROM(TYPES, "[method]incoming-response.consume") void incoming_consume(handle self, maybe_handle *body);
FROM(TYPES, "[resource-drop]incoming-response") void incoming_drop(handle self);
// option<error-code>: 0:is 8:error-code.
typedef struct {
    uint8_t is;
    error_code code;
} maybe_error;
FROM(TYPES, "http-error-code") void http_error_code(handle error, maybe_error *result);

#define STREAMS "wasi:io/streams"
FROM(STREAMS, "[method]input-stream.blocking-read") void input_read(handle self, uint64_t size, read_result *result);
FROM(STREAMS, "[resource-drop]input-stream") void input_drop(handle self);
FROM(STREAMS, "[method]output-stream.check-write") void output_check(handle self, count_result *result);
FROM(STREAMS, "[method]output-stream.write") void output_write(handle self, const char *data, size_t size, write_result *result);
FROM(STREAMS, "[method]output-stream.blocking-flush") void output_flush(handle self, write_result *result);
FROM(STREAMS, "[method]output-stream.blocking-write-and-flush")
void output_write_and_flush(handle self, const char *data, size_t size, write_result *result);
FROM(STREAMS, "[method]output-stream.blocking-splice") void output_splice(handle self, handle source, uint64_t size, count_result *result);
FROM(STREAMS, "[method]output-stream.subscribe") handle output_subscribe(handle self);
FROM(STREAMS, "[resource-drop]output-stream") void output_drop(handle self);
FROM("wasi:io/error", "[method]error.to-debug-string") void error_text(handle self, text *result);
FROM("wasi:io/error", "[resource-drop]error") void error_drop(handle self);
// list<borrow<pollable>> -> list<u32>.
FROM("wasi:io/poll", "poll") void poll(const handle *pollables, size_t count, text *ready);
FROM("wasi:io/poll", "[method]pollable.block") void pollable_block(handle self);
FROM("wasi:io/poll", "[resource-drop]pollable") void pollable_drop(handle self);

FROM("wasi:clocks/monotonic-clock", "subscribe-duration") handle subscribe_duration(uint64_t nanoseconds);
FROM("wasi:cli/environment", "get-environment") void get_environment(pairs *result);
// list<string>.
typedef struct {
    text *items;
    size_t count;
} texts;
FROM("wasi:cli/environment", "get-arguments") void get_arguments(texts *result);
FROM("wasi:cli/exit", "exit") void exit_with(uint32_t failed);
FROM("wasi:cli/stdout", "get-stdout") handle get_stdout(void);
FROM("wasi:cli/stderr", "get-stderr") handle get_stderr(void);
FROM("wasi:random/random", "get-random-u64") uint64_t get_random_u64(void);
FROM("wasi:sockets/instance-network", "instance-network") handle instance_network(void);
FROM("wasi:sockets/ip-name-lookup", "resolve-addresses") void resolve_addresses(handle network, const char *name, size_t size, uint32_t result[2]);
FROM("wasi:sockets/tcp-create-socket", "create-tcp-socket") void create_tcp_socket(uint32_t family, uint32_t result[2]);
