// poll_oneoff.
#include "suite.h"

static __wasi_subscription_t timer(uint64_t userdata, uint32_t clock, uint64_t timeout, uint16_t flags) {
    __wasi_subscription_t it = {.userdata = userdata, .u = {.tag = __WASI_EVENTTYPE_CLOCK}};
    it.u.u.clock = (__wasi_subscription_clock_t){.id = clock, .timeout = timeout, .precision = 0, .flags = flags};
    return it;
}

static __wasi_subscription_t ready(uint64_t userdata, uint8_t type, __wasi_fd_t fd) {
    __wasi_subscription_t it = {.userdata = userdata, .u = {.tag = type}};
    it.u.u.fd_read.file_descriptor = fd;
    return it;
}

static __wasi_timestamp_t now(uint32_t clock) {
    __wasi_timestamp_t time = 0;
    return __wasi_clock_time_get(clock, 1, &time) == 0 ? time : 0;
}

#define MS 1000000ull

static bool wait_for(__wasi_subscription_t subscription, uint64_t least_ms, uint64_t most_ms) {
    __wasi_event_t event = {0};
    size_t count = 0;
    uint64_t before = now(__WASI_CLOCKID_MONOTONIC);
    OK(__wasi_poll_oneoff(&subscription, &event, 1, &count));
    uint64_t took = now(__WASI_CLOCKID_MONOTONIC) - before;
    EQUALS(1, count);
    EQUALS(subscription.userdata, event.userdata);
    EQUALS(0, event.error);
    EQUALS(__WASI_EVENTTYPE_CLOCK, event.type);
    if (took < least_ms * MS || took >= most_ms * MS) {
        return equals("nanoseconds waited", __LINE__, least_ms * MS, took);
    }
    return true;
}

#define WAIT(call) \
    do { \
        if (!(call)) { \
            return false; \
        } \
    } while (0)

static bool relative(void) {
    WAIT(wait_for(timer(1, __WASI_CLOCKID_MONOTONIC, 30 * MS, 0), 30, 2000));
    WAIT(wait_for(timer(2, __WASI_CLOCKID_REALTIME, 30 * MS, 0), 29, 2000));
    WAIT(wait_for(timer(3, __WASI_CLOCKID_MONOTONIC, 0, 0), 0, 1000));
    return true;
}

static bool absolute(void) {
    uint16_t flag = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
    WAIT(wait_for(timer(1, __WASI_CLOCKID_MONOTONIC, now(__WASI_CLOCKID_MONOTONIC) + 30 * MS, flag), 29, 2000));
    WAIT(wait_for(timer(2, __WASI_CLOCKID_REALTIME, now(__WASI_CLOCKID_REALTIME) + 30 * MS, flag), 20, 2000));
    WAIT(wait_for(timer(3, __WASI_CLOCKID_MONOTONIC, 1, flag), 0, 1000));
    return true;
}

static bool past(void) {
    WAIT(wait_for(timer(1, __WASI_CLOCKID_REALTIME, 1, __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME), 0, 1000));
    return true;
}

static bool earliest(void) {
    __wasi_subscription_t both[2] = {timer(1, __WASI_CLOCKID_MONOTONIC, 60000 * MS, 0), timer(2, __WASI_CLOCKID_MONOTONIC, 10 * MS, 0)};
    __wasi_event_t events[2];
    size_t count;
    OK(__wasi_poll_oneoff(both, events, 2, &count));
    EQUALS(1, count);
    EQUALS(2, events[0].userdata);
    // So far away that no host clock can tell.
    both[0] = timer(3, __WASI_CLOCKID_MONOTONIC, ~0ull, 0);
    OK(__wasi_poll_oneoff(both, events, 2, &count));
    EQUALS(1, count);
    EQUALS(2, events[0].userdata);
    return true;
}

static bool nothing(void) {
    __wasi_subscription_t none = timer(0, 0, 0, 0);
    __wasi_event_t event;
    size_t count;
    IS(__wasi_poll_oneoff(&none, &event, 0, &count), __WASI_ERRNO_INVAL);
    return true;
}

static bool files(void) {
    __wasi_fd_t file;
    THAT(make_file("poll.txt", "0123456789", &file));
    __wasi_subscription_t both[2] = {ready(1, __WASI_EVENTTYPE_FD_READ, file), ready(2, __WASI_EVENTTYPE_FD_WRITE, file)};
    __wasi_event_t events[2];
    size_t count;
    OK(__wasi_poll_oneoff(both, events, 2, &count));
    THAT(count >= 1);
    for (size_t i = 0; i < count; i++) {
        EQUALS(0, events[i].error);
        THAT(events[i].userdata == 1 ? events[i].type == __WASI_EVENTTYPE_FD_READ : events[i].type == __WASI_EVENTTYPE_FD_WRITE);
    }
    return true;
}

static bool streams(void) {
    __wasi_subscription_t three[3] = {
        ready(1, __WASI_EVENTTYPE_FD_READ, 0), ready(2, __WASI_EVENTTYPE_FD_WRITE, 1), timer(3, __WASI_CLOCKID_MONOTONIC, 60000 * MS, 0),
    };
    __wasi_event_t events[3];
    bool readable = false, writable = false;
    // Both become ready at once, but a host may tell them one after the other.
    for (int i = 0; i < 100 && !(readable && writable); i++) {
        __wasi_subscription_t left[2] = {readable ? three[1] : three[0], three[2]};
        size_t count;
        OK(__wasi_poll_oneoff(readable || writable ? left : three, events, readable || writable ? 2 : 3, &count));
        for (size_t j = 0; j < count; j++) {
            EQUALS(0, events[j].error);
            THAT(events[j].userdata != 3);
            readable |= events[j].userdata == 1;
            writable |= events[j].userdata == 2;
        }
    }
    THAT(readable && writable);
    char buffer[16];
    size_t count;
    OK(read_all(0, buffer, sizeof buffer, &count));
    THAT(count == 5 && memcmp(buffer, "input", 5) == 0);
    // At its end it is ready to say so.
    OK(__wasi_poll_oneoff(three, events, 1, &count));
    EQUALS(1, count);
    return true;
}

// A descriptor that is none is an event with an error, unless the host refuses the whole call.
static bool bad_descriptor(void) {
    __wasi_subscription_t one = ready(7, __WASI_EVENTTYPE_FD_READ, BAD_FD);
    __wasi_event_t event = {0};
    size_t count;
    uint16_t error = __wasi_poll_oneoff(&one, &event, 1, &count);
    IS(error, __WASI_ERRNO_SUCCESS, __WASI_ERRNO_BADF);
    if (error == 0) {
        EQUALS(1, count);
        EQUALS(7, event.userdata);
        EQUALS(__WASI_ERRNO_BADF, event.error);
    }
    return true;
}

static bool bad_clock(void) {
    __wasi_subscription_t one = timer(1, 99, 0, 0);
    __wasi_event_t event = {0};
    size_t count;
    uint16_t error = __wasi_poll_oneoff(&one, &event, 1, &count);
    THAT(error == __WASI_ERRNO_INVAL || error == __WASI_ERRNO_BADF || (error == 0 && event.error != 0));
    return true;
}

const test poll_tests[] = {
    {"poll_oneoff-relative", relative, NULL}, {"poll_oneoff-absolute", absolute, NULL}, {"poll_oneoff-past", past, NULL},
    {"poll_oneoff-earliest", earliest, NULL},
    {"poll_oneoff-nothing", nothing, NULL}, {"poll_oneoff-files", files, NULL}, {"poll_oneoff-streams", streams, NULL},
    {"poll_oneoff-badf", bad_descriptor, NULL}, {"poll_oneoff-bad-clock", bad_clock, NULL}, {NULL, NULL, NULL},
};
