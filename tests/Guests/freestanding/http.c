// A wasi:http/proxy component with a route for each thing that the tests ask of a host. Without libc: only what the component
// model gives. README.md lists the routes.
#include "output.h"

typedef struct {
    handle request;
    handle outparam;
    handle out;     // the response's body
    handle stream;  // and its output-stream
    text path;
} exchange;

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

static const char *const error_names[] = {
    "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
    "destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout", "connection-read-timeout",
    "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error", "TLS-certificate-error", "TLS-alert-received",
    "HTTP-request-denied", "HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size", "HTTP-request-header-size",
    "HTTP-request-trailer-section-size", "HTTP-request-trailer-size", "HTTP-response-incomplete",
    "HTTP-response-header-section-size", "HTTP-response-header-size", "HTTP-response-body-size",
    "HTTP-response-trailer-section-size", "HTTP-response-trailer-size", "HTTP-response-transfer-coding",
    "HTTP-response-content-coding", "HTTP-response-timeout", "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected",
    "configuration-error", "internal-error",
};
enum { INTERNAL_ERROR = 38 };

static uint32_t requests;

static void need(bool condition) {
    if (!condition) {
        __builtin_trap();
    }
}

// --- answering ---

static void add_header(handle headers, const char *name, text value) {
    uint8_t result[2];
    text key = literal(name);
    fields_append(headers, key.data, key.size, value.data, value.size, result);
    need(result[0] == 0);
}

// Sends status and headers, and opens the body.
static void respond(exchange *it, uint32_t status, handle headers) {
    maybe_handle opened;
    handle response = response_new(headers);
    need(response_set_status(response, status) == 0);
    response_body(response, &opened);
    need(opened.is == 0);
    it->out = opened.value;
    outgoing_body_write(it->out, &opened);
    need(opened.is == 0);
    it->stream = opened.value;
    outparam_set(it->outparam, 0, (uint32_t)response, 0, 0, 0, 0, 0, 0);
}

static void respond_text(exchange *it, uint32_t status) {
    handle headers = fields_new();
    add_header(headers, "content-type", literal("text/plain"));
    respond(it, status, headers);
}

static void respond_error(exchange *it, uint32_t code, text message) {
    if (code == INTERNAL_ERROR) {
        outparam_set(it->outparam, 1, code, 1, (uint64_t)(uintptr_t)message.data, (uint32_t)message.size, 0, 0, 0);
    } else {
        outparam_set(it->outparam, 1, code, 0, 0, 0, 0, 0, 0);
    }
}

static bool say(exchange *it, text data) { return write_all(it->stream, data); }

static bool flush(exchange *it) {
    write_result result;
    output_flush(it->stream, &result);
    return result.failed == 0;
}

static void finish(exchange *it, handle trailers) {
    outcome result;
    output_drop(it->stream);
    outgoing_body_finish(it->out, trailers != 0, trailers, &result);
}

static void answer(exchange *it, uint32_t status, text body) {
    respond_text(it, status);
    say(it, body);
    finish(it, 0);
}

// --- reading ---

static handle body_stream(handle body) {
    maybe_handle opened;
    incoming_body_stream(body, &opened);
    need(opened.is == 0);
    return opened.value;
}

static handle request_body(exchange *it) {
    maybe_handle opened;
    request_consume(it->request, &opened);
    need(opened.is == 0);
    return opened.value;
}

// False at the end. A stream error is an end too: what came before it has been passed on.
static bool read_some(handle stream, size_t size, text *data) {
    read_result result;
    input_read(stream, size, &result);
    *data = result.data;
    return result.failed == 0;
}

// Copies to the end, through one chunk of the arena. Returns how much came.
static uint64_t copy(handle source, handle target) {
    char *mark = arena_mark();
    uint64_t total = 0;
    text data;
    while (read_some(source, 65536, &data)) {
        total += data.size;
        if (target != 0 && !write_all(target, data)) {
            break;
        }
        arena_reset(mark);
    }
    arena_reset(mark);
    return total;
}

static text method_name(exchange *it) {
    maybe_text method;
    request_method(it->request, &method);
    return method.is < 9 ? literal(methods[method.is]) : method.value;
}

static text lines(pairs entries) {
    size_t size = 0, at = 0;
    for (size_t i = 0; i < entries.count; i++) {
        size += entries.items[i].name.size + entries.items[i].value.size + 3;
    }
    char *data = take(size);
    for (size_t i = 0; i < entries.count; i++) {
        pair entry = entries.items[i];
        memcpy(data + at, entry.name.data, entry.name.size);
        at += entry.name.size;
        data[at++] = ':';
        data[at++] = ' ';
        memcpy(data + at, entry.value.data, entry.value.size);
        at += entry.value.size;
        data[at++] = '\n';
    }
    return (text){data, at};
}

static text field_lines(handle fields) {
    pairs entries;
    fields_entries(fields, &entries);
    fields_drop(fields);
    return lines(entries);
}

static void sleep(uint64_t milliseconds) {
    text ready;
    handle timer = subscribe_duration(milliseconds * 1000000);
    poll(&timer, 1, &ready);
    need(ready.size == 1 && *(uint32_t *)ready.data == 0);
    pollable_drop(timer);
}

// --- routes: whole exchanges ---

static void hello(exchange *it, text rest) {
    (void)rest;
    handle headers = fields_new();
    add_header(headers, "content-type", literal("text/plain"));
    add_header(headers, "content-length", literal("13"));
    respond(it, 200, headers);
    say(it, literal("Hello, world!"));
    finish(it, 0);
}

static void echo(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body);
    respond_text(it, 200);
    copy(source, it->stream);
    input_drop(source);
    incoming_body_drop(body);
    finish(it, 0);
}

static void echo_splice(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body);
    count_result spliced;
    respond_text(it, 200);
    do {
        output_splice(it->stream, source, 1 << 20, &spliced);
    } while (spliced.failed == 0);
    input_drop(source);
    incoming_body_drop(body);
    finish(it, 0);
}

static void echo_buffered(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body), headers = fields_new();
    text whole = {NULL, 0}, data;
    size_t room = 0;
    while (read_some(source, 1 << 20, &data)) {
        if (whole.size + data.size > room) {
            room = 2 * (whole.size + data.size);
            whole.data = arena_realloc(whole.data, whole.size, 1, room);
        }
        memcpy(whole.data + whole.size, data.data, data.size);
        whole.size += data.size;
    }
    input_drop(source);
    incoming_body_drop(body);
    add_header(headers, "content-length", decimal(whole.size));
    respond(it, 200, headers);
    say(it, whole);
    finish(it, 0);
}

static void upload(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body);
    uint64_t total = copy(source, 0);
    input_drop(source);
    incoming_body_drop(body);
    answer(it, 200, JOIN(decimal(total), literal("\n")));
}

static void status(exchange *it, text rest) { answer(it, (uint32_t)number(rest), JOIN(literal("status "), rest, literal("\n"))); }

static void sleep_first(exchange *it, text rest) {
    sleep(number(rest));
    answer(it, 200, JOIN(literal("slept "), rest, literal(" ms\n")));
}

// /slow/N/MS: N lines, each flushed, MS milliseconds before each.
static void slow(exchange *it, text rest) {
    uint64_t count = number(until(&rest, '/'));
    respond_text(it, 200);
    for (uint64_t i = 0; i < count; i++) {
        sleep(number(rest));
        if (!say(it, JOIN(literal("line "), decimal(i), literal("\n"))) || !flush(it)) {
            break;
        }
    }
    finish(it, 0);
}

// /after/MS: works on after the response is complete.
static void work_after(exchange *it, text rest) {
    answer(it, 200, literal("done\n"));
    sleep(number(rest));
    write_all(get_stdout(), literal("after the response\n"));
}

static void kilobytes(exchange *it, uint64_t count) {
    char *block = take(1024);
    for (size_t i = 0; i < 1024; i++) {
        block[i] = (char)(i % 64 == 63 ? '\n' : 'a' + i % 26);
    }
    for (uint64_t i = 0; i < count && say(it, (text){block, 1024}); i++) {
    }
}

static void big(exchange *it, text rest) {
    respond_text(it, 200);
    kilobytes(it, number(rest));
    finish(it, 0);
}

// /length/PROMISED/WRITTEN: content-length says one thing and the body another.
static void length(exchange *it, text rest) {
    text promised = until(&rest, '/');
    handle headers = fields_new();
    add_header(headers, "content-length", promised);
    respond(it, 200, headers);
    for (uint64_t i = number(rest); i > 0 && say(it, literal("x")); i--) {
    }
    finish(it, 0);
}

static void log_lines(exchange *it, text rest) {
    handle out = get_stdout(), err = get_stderr();
    write_all(out, JOIN(literal("stdout: "), rest, literal("\n")));
    write_all(err, JOIN(literal("stderr: "), rest, literal("\n")));
    output_drop(out);
    output_drop(err);
    answer(it, 200, literal("logged\n"));
}

static void environment(exchange *it, text rest) {
    (void)rest;
    pairs entries;
    get_environment(&entries);
    answer(it, 200, lines(entries));
}

static void headers(exchange *it, text rest) {
    (void)rest;
    answer(it, 200, field_lines(request_headers(it->request)));
}

static void method(exchange *it, text rest) {
    (void)rest;
    answer(it, 200, JOIN(method_name(it), literal("\n")));
}

static void authority(exchange *it, text rest) {
    (void)rest;
    maybe_text name;
    request_authority(it->request, &name);
    answer(it, 200, name.is ? JOIN(name.value, literal("\n")) : literal("none\n"));
}

static void scheme(exchange *it, text rest) {
    (void)rest;
    uint32_t found[4];
    request_scheme(it->request, found);
    text name = (found[1] & 0xFF) == 0 ? literal("HTTP") : (found[1] & 0xFF) == 1 ? literal("HTTPS") : (text){(char *)found[2], found[3]};
    answer(it, 200, (found[0] & 0xFF) ? JOIN(name, literal("\n")) : literal("none\n"));
}

static void path(exchange *it, text rest) {
    (void)rest;
    answer(it, 200, JOIN(it->path, literal("\n")));
}

static void count(exchange *it, text rest) {
    (void)rest;
    answer(it, 200, JOIN(decimal(requests), literal("\n")));
}

static void random(exchange *it, text rest) {
    (void)rest;
    answer(it, 200, JOIN(decimal(get_random_u64()), literal("\n")));
}

// /memory/MB: grows by as much and touches every page.
static void memory(exchange *it, text rest) {
    size_t size = (size_t)number(rest) << 20;
    char *block = take(size);
    for (size_t i = 0; i < size; i += 4096) {
        block[i] = 1;
    }
    answer(it, 200, JOIN(literal("touched "), rest, literal(" MB\n")));
}

// The request's trailers in the body, and a trailer of its own after it.
static void trailers(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body);
    copy(source, 0);
    input_drop(source);
    handle coming = incoming_body_finish(body), ready = future_trailers_subscribe(coming);
    future result;
    pollable_block(ready);
    future_trailers_get(coming, &result);
    need(result.ready == 1 && result.taken == 0);
    handle headers = fields_new();
    add_header(headers, "trailer", literal("x-guest"));
    respond(it, 200, headers);
    if (result.outcome.failed) {
        say(it, JOIN(literal(error_names[result.outcome.error.code]), literal("\n")));
    } else if (result.outcome.maybe.is) {
        say(it, field_lines(result.outcome.maybe.value));
    } else {
        say(it, literal("no trailers\n"));
    }
    pollable_drop(ready);
    future_trailers_drop(coming);
    handle ours = fields_new();
    add_header(ours, "x-guest", literal("the end"));
    finish(it, ours);
}

// --- routes: outgoing requests ---

static text without_end_of_line(text data) {
    return data.size > 0 && data.data[data.size - 1] == '\n' ? (text){data.data, data.size - 1} : data;
}

static text error_text_of(error_code error) {
    if (error.code == INTERNAL_ERROR && error.payload[0] != 0) {
        text message = *(text *)(error.payload + 4);
        return JOIN(literal(error_names[error.code]), literal(": "), without_end_of_line(message), literal("\n"));
    }
    return JOIN(literal(error_names[error.code]), literal("\n"));
}

static handle prepare(exchange *it, uint32_t scheme, text target) {
    text host = until(&target, '/'), where = JOIN(literal("/"), target);
    handle headers = fields_new();
    add_header(headers, "x-from", literal("guest"));
    handle request = outgoing_new(headers);
    maybe_text method;
    request_method(it->request, &method);
    need(outgoing_set_method(request, method.is, method.value.data, method.is == 9 ? method.value.size : 0) == 0);
    need(outgoing_set_scheme(request, 1, scheme, NULL, 0) == 0);
    need(outgoing_set_authority(request, 1, host.data, host.size) == 0);
    need(outgoing_set_path(request, 1, where.data, where.size) == 0);
    return request;
}

static void pass_on(exchange *it, handle response) {
    maybe_handle opened;
    handle theirs = incoming_headers(response), ours = fields_new();
    text name = literal("content-type"), values;
    fields_get(theirs, name.data, name.size, &values);
    if (values.size > 0) {
        add_header(ours, "content-type", *(text *)values.data);
    }
    fields_drop(theirs);
    incoming_consume(response, &opened);
    need(opened.is == 0);
    handle source = body_stream(opened.value);
    respond(it, incoming_status(response), ours);
    copy(source, it->stream);
    input_drop(source);
    incoming_body_drop(opened.value);
    incoming_drop(response);
    finish(it, 0);
}

static void fetch_from(exchange *it, uint32_t scheme, text target, uint64_t timeout_ms) {
    handle request = prepare(it, scheme, target), options = 0;
    if (timeout_ms != 0) {
        options = options_new();
        need(options_set_first_byte(options, 1, timeout_ms * 1000000) == 0);
        need(options_set_between_bytes(options, 1, timeout_ms * 1000000) == 0);
    }
    // The body is taken before the request is given away, and written after: outgoing-body is a child that outlives its parent.
    maybe_handle opened;
    outcome started;
    outgoing_body(request, &opened);
    need(opened.is == 0);
    handle out = opened.value;
    outgoing_handle(request, options != 0, options, &started);
    if (started.failed) {
        outgoing_body_drop(out);
        answer(it, 502, error_text_of(started.error));
        return;
    }
    handle body = request_body(it), source = body_stream(body);
    outgoing_body_write(out, &opened);
    need(opened.is == 0);
    copy(source, opened.value);
    output_drop(opened.value);
    input_drop(source);
    incoming_body_drop(body);
    outcome finished;
    outgoing_body_finish(out, 0, 0, &finished);
    handle ready = future_response_subscribe(started.value);
    future result;
    pollable_block(ready);
    future_response_get(started.value, &result);
    need(result.ready == 1 && result.taken == 0);
    pollable_drop(ready);
    future_response_drop(started.value);
    if (result.outcome.failed) {
        answer(it, 502, error_text_of(result.outcome.error));
    } else {
        pass_on(it, result.outcome.value);
    }
}

static void fetch(exchange *it, text rest) { fetch_from(it, 0, rest, 0); }

static void fetch_tls(exchange *it, text rest) { fetch_from(it, 1, rest, 0); }

// /fetch-timeout/MS/HOST:PORT/PATH
static void fetch_timeout(exchange *it, text rest) {
    uint64_t timeout_ms = number(until(&rest, '/'));
    fetch_from(it, 0, rest, timeout_ms);
}

// --- routes: what a host must survive ---

static void trap(exchange *it, text rest) {
    (void)it, (void)rest;
    __builtin_trap();
}

static void trap_late(exchange *it, text rest) {
    (void)rest;
    respond_text(it, 200);
    say(it, literal("so far\n"));
    flush(it);
    __builtin_trap();
}

static void spin(exchange *it, text rest) {
    (void)it, (void)rest;
    for (volatile uint32_t i = 0;; i++) {
    }
}

static void spin_late(exchange *it, text rest) {
    respond_text(it, 200);
    say(it, literal("so far\n"));
    flush(it);
    spin(it, rest);
}

static void no_response(exchange *it, text rest) { (void)it, (void)rest; }

static void twice(exchange *it, text rest) {
    (void)rest;
    outparam_set(it->outparam, 0, (uint32_t)response_new(fields_new()), 0, 0, 0, 0, 0, 0);
    outparam_set(it->outparam, 0, (uint32_t)response_new(fields_new()), 0, 0, 0, 0, 0, 0);
}

static void no_body(exchange *it, text rest) {
    (void)rest;
    outparam_set(it->outparam, 0, (uint32_t)response_new(fields_new()), 0, 0, 0, 0, 0, 0);
}

// Returns with the body open: dropped only with the instance.
static void unfinished(exchange *it, text rest) {
    (void)rest;
    respond_text(it, 200);
    say(it, literal("so far\n"));
}

// Drops the body without finish: the specification calls the message incomplete.
static void dropped(exchange *it, text rest) {
    (void)rest;
    respond_text(it, 200);
    say(it, literal("so far\n"));
    flush(it);
    output_drop(it->stream);
    outgoing_body_drop(it->out);
}

// Drops the request's body after its first bytes.
static void drop(exchange *it, text rest) {
    (void)rest;
    handle body = request_body(it), source = body_stream(body);
    text data;
    bool any = read_some(source, 1024, &data);
    input_drop(source);
    incoming_body_drop(body);
    answer(it, 200, JOIN(literal("dropped after "), decimal(any ? data.size : 0), literal("\n")));
}

// /error and /error/N: an error-code instead of a response.
static void error(exchange *it, text rest) {
    respond_error(it, rest.size > 0 ? (uint32_t)number(rest) : INTERNAL_ERROR, literal("the guest says so"));
}

// /field/NAME/VALUE: what the host says to such a response header: ok, invalid-syntax, forbidden, immutable.
static void field(exchange *it, text rest) {
    static const char *const names[] = {"invalid-syntax", "forbidden", "immutable"};
    text name = until(&rest, '/');
    handle headers = fields_new();
    uint8_t result[2];
    fields_append(headers, name.data, name.size, rest.data, rest.size, result);
    fields_drop(headers);
    answer(it, 200, JOIN(literal(result[0] == 0 ? "ok" : names[result[1]]), literal("\n")));
}

// Changes the request's headers, which nobody may.
static void immutable(exchange *it, text rest) {
    (void)rest;
    handle headers = request_headers(it->request);
    uint8_t result[2];
    fields_append(headers, "x-a", 3, "b", 1, result);
    fields_drop(headers);
    answer(it, 200, literal(result[0] == 1 && result[1] == 2 ? "immutable\n" : "not refused\n"));
}

static const struct {
    const char *prefix;
    void (*run)(exchange *it, text rest);
} routes[] = {
    {"/echo-buffered", echo_buffered}, {"/echo-splice", echo_splice}, {"/echo", echo}, {"/upload", upload},
    {"/status/", status}, {"/sleep/", sleep_first}, {"/slow/", slow}, {"/after/", work_after}, {"/big/", big},
    {"/length/", length}, {"/log", log_lines}, {"/env", environment}, {"/headers", headers}, {"/method", method},
    {"/authority", authority}, {"/scheme", scheme}, {"/path", path}, {"/count", count}, {"/random", random},
    {"/memory/", memory}, {"/trailers", trailers}, {"/fetch-tls/", fetch_tls}, {"/fetch-timeout/", fetch_timeout},
    {"/fetch/", fetch}, {"/trap-late", trap_late}, {"/trap", trap}, {"/spin-late", spin_late}, {"/spin", spin},
    {"/noresponse", no_response}, {"/twice", twice}, {"/nobody", no_body}, {"/unfinished", unfinished},
    {"/dropped", dropped}, {"/drop", drop}, {"/error/", error}, {"/error", error}, {"/field/", field},
    {"/immutable", immutable},
};

static void dispatch(exchange *it) {
    text rest = it->path, name = until(&rest, '?');
    if (equal(name, literal("/"))) {
        hello(it, rest);
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (after(it->path, routes[i].prefix, &rest)) {
            routes[i].run(it, rest);
            return;
        }
    }
    answer(it, 404, literal("no such route\n"));
}

EXPORT("wasi:http/incoming-handler" VERSION "#handle") void incoming_handle(handle request, handle outparam) {
    exchange it = {.request = request, .outparam = outparam};
    maybe_text path;
    requests++;
    arena_reset(&__heap_base);
    request_path(request, &path);
    it.path = path.is ? path.value : literal("/");
    dispatch(&it);
    request_drop(request);
}
