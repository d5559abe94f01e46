// A command that sends one request: fetch [--tls] [--trailers] HOST:PORT PATH. The answer's body goes to stdout; an error-code to stderr, with exit 1.
#include "output.h"

static const char *const some_errors[] = {[4] = "destination-IP-prohibited", [6] = "connection-refused", [7] = "connection-terminated",
                                          [12] = "TLS-protocol-error", [13] = "TLS-certificate-error", [15] = "HTTP-request-denied",
                                          [35] = "HTTP-protocol-error"};

static void need(bool condition) {
    if (!condition) {
        __builtin_trap();
    }
}

static uint32_t fail(const char *where, error_code error) {
    size_t count = sizeof(some_errors) / sizeof(*some_errors);
    bool named = error.code < count && some_errors[error.code] != NULL;
    text name = named ? literal(some_errors[error.code]) : decimal(error.code);
    write_all(get_stderr(), JOIN(literal(where), literal(": "), name, literal("\n")));
    return 1;
}

static uint32_t pass_on(handle response) {
    maybe_handle opened;
    read_result piece;
    handle out = get_stdout();
    incoming_consume(response, &opened);
    need(opened.is == 0);
    handle body = opened.value;
    incoming_body_stream(body, &opened);
    need(opened.is == 0);
    char *mark = arena_mark();
    for (input_read(opened.value, 65536, &piece); piece.failed == 0; input_read(opened.value, 65536, &piece)) {
        need(write_all(out, piece.data));
        arena_reset(mark);
    }
    input_drop(opened.value);
    incoming_body_drop(body);
    incoming_drop(response);
    return 0;
}

EXPORT("wasi:cli/run" VERSION "#run") uint32_t run(void) {
    texts arguments;
    bool tls = false, with_trailers = false;
    size_t at = 1;
    get_arguments(&arguments);
    for (; at < arguments.count && arguments.items[at].size > 0 && arguments.items[at].data[0] == '-'; at++) {
        tls |= equal(arguments.items[at], literal("--tls"));
        with_trailers |= equal(arguments.items[at], literal("--trailers"));
    }
    need(arguments.count == at + 2);
    text host = arguments.items[at], path = arguments.items[at + 1];

    maybe_handle opened;
    outcome started, finished;
    future result;
    handle request = outgoing_new(fields_new());
    need(outgoing_set_method(request, with_trailers ? 2 : 0, NULL, 0) == 0);
    need(outgoing_set_scheme(request, 1, tls, NULL, 0) == 0);
    need(outgoing_set_authority(request, 1, host.data, host.size) == 0);
    need(outgoing_set_path(request, 1, path.data, path.size) == 0);
    outgoing_body(request, &opened);
    need(opened.is == 0);
    handle body = opened.value;
    outgoing_handle(request, 0, 0, &started);
    if (started.failed) {
        return fail("handle", started.error);
    }
    handle trailers = 0;
    if (with_trailers) {
        uint8_t appended[2];
        trailers = fields_new();
        fields_append(trailers, "x-sum", 5, "1", 1, appended);
        need(appended[0] == 0);
    }
    outgoing_body_finish(body, with_trailers, trailers, &finished);
    if (finished.failed) {
        return fail("finish", finished.error);
    }
    handle ready = future_response_subscribe(started.value);
    pollable_block(ready);
    future_response_get(started.value, &result);
    need(result.ready == 1 && result.taken == 0);
    pollable_drop(ready);
    future_response_drop(started.value);
    return result.outcome.failed ? fail("response", result.outcome.error) : pass_on(result.outcome.value);
}
