// Sockets of WASI 0.2 by the BSD calls of a wasi-libc that has them. p2suite [NAME…], p2suite --list: prints `ok NAME` or
// `FAIL NAME: …`, and exits with 1 after a failure. Everything stays on the loopback interface, which the host must grant.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char failure[256];

static bool failed(const char *what, int line, const char *why) {
    snprintf(failure, sizeof failure, "line %d: %s: %s", line, what, why);
    return false;
}

#define THAT(condition) \
    do { \
        if (!(condition)) { \
            return failed(#condition, __LINE__, strerror(errno)); \
        } \
    } while (0)
#define FAILS(call, expected) \
    do { \
        errno = 0; \
        if ((call) >= 0 || errno != (expected)) { \
            return failed(#call, __LINE__, errno == 0 ? "succeeded" : strerror(errno)); \
        } \
    } while (0)

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// This libc's fcntl knows no sockets.
static bool set_waiting(int socket, bool waits) {
    int never = !waits;
    return ioctl(socket, FIONBIO, &never) == 0;
}

#define ADDRESS(it) ((struct sockaddr *)&(it)), sizeof(it)

static bool wait_for(int socket, short events) {
    struct pollfd one = {.fd = socket, .events = events};
    return poll(&one, 1, 10000) == 1 && (one.revents & events);
}

// A listener on a port that the host chooses.
static bool listen_on_loopback(int *listener, struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    *address = loopback(0);
    *listener = socket(AF_INET, SOCK_STREAM, 0);
    THAT(*listener >= 0);
    THAT(bind(*listener, ADDRESS(*address)) == 0);
    THAT(listen(*listener, 8) == 0);
    THAT(getsockname(*listener, (struct sockaddr *)address, &size) == 0);
    THAT(address->sin_port != 0 && address->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    return true;
}

// Both ends of a connection within this one thread: connect must not wait for accept.
static bool connected(int *client, int *server) {
    int listener;
    struct sockaddr_in address;
    if (!listen_on_loopback(&listener, &address)) {
        return false;
    }
    *client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    THAT(*client >= 0);
    int result = connect(*client, ADDRESS(address));
    THAT(result == 0 || errno == EINPROGRESS);
    THAT(wait_for(listener, POLLIN));
    *server = accept(listener, NULL, NULL);
    THAT(*server >= 0);
    THAT(wait_for(*client, POLLOUT));
    THAT(set_waiting(*client, true));
    THAT(close(listener) == 0);
    return true;
}

#define CONNECTED(client, server) \
    int client, server; \
    if (!connected(&client, &server)) { \
        return false; \
    }

static bool tcp_conversation(void) {
    CONNECTED(client, server);
    char buffer[64];
    THAT(send(client, "question", 8, 0) == 8);
    THAT(recv(server, buffer, sizeof buffer, 0) == 8 && memcmp(buffer, "question", 8) == 0);
    THAT(send(server, "answer", 6, 0) == 6);
    THAT(recv(client, buffer, sizeof buffer, 0) == 6 && memcmp(buffer, "answer", 6) == 0);
    THAT(shutdown(client, SHUT_WR) == 0);
    THAT(recv(server, buffer, sizeof buffer, 0) == 0);
    // The other direction is still open.
    THAT(send(server, "late", 4, 0) == 4);
    THAT(recv(client, buffer, sizeof buffer, 0) == 4);
    THAT(close(server) == 0);
    THAT(recv(client, buffer, sizeof buffer, 0) == 0);
    THAT(close(client) == 0);
    return true;
}

static bool tcp_names(void) {
    CONNECTED(client, server);
    struct sockaddr_in mine, theirs;
    socklen_t size = sizeof mine;
    THAT(getsockname(client, (struct sockaddr *)&mine, &size) == 0 && size == sizeof mine);
    size = sizeof theirs;
    THAT(getpeername(server, (struct sockaddr *)&theirs, &size) == 0);
    THAT(mine.sin_port == theirs.sin_port && mine.sin_addr.s_addr == theirs.sin_addr.s_addr && mine.sin_family == AF_INET);
    return true;
}

static bool tcp_refused(void) {
    int listener, client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address;
    if (!listen_on_loopback(&listener, &address)) {
        return false;
    }
    THAT(close(listener) == 0);
    FAILS(connect(client, ADDRESS(address)), ECONNREFUSED);
    return true;
}

static bool tcp_address_in_use(void) {
    int first, second = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address;
    if (!listen_on_loopback(&first, &address)) {
        return false;
    }
    FAILS(bind(second, ADDRESS(address)), EADDRINUSE);
    return true;
}

static bool tcp_back_pressure(void) {
    CONNECTED(client, server);
    static char block[65536];
    long long sent = 0, received = 0;
    THAT(set_waiting(client, false));
    // Until the other side's buffers are full: then the host says so instead of taking more.
    for (;;) {
        ssize_t count = send(client, block, sizeof block, 0);
        if (count < 0) {
            THAT(errno == EAGAIN || errno == EWOULDBLOCK);
            break;
        }
        sent += count;
        THAT(sent < 1ll << 30);
    }
    THAT(set_waiting(server, false));
    while (received < sent) {
        THAT(wait_for(server, POLLIN));
        ssize_t count = recv(server, block, sizeof block, 0);
        THAT(count > 0);
        received += count;
    }
    THAT(received == sent);
    THAT(wait_for(client, POLLOUT));
    return true;
}

static bool tcp_options(void) {
    int one = socket(AF_INET, SOCK_STREAM, 0), value = 1;
    socklen_t size = sizeof value;
    THAT(setsockopt(one, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value) == 0);
    value = 0;
    THAT(getsockopt(one, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0 && value != 0);
    value = 60;
    THAT(setsockopt(one, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value) == 0);
    value = 0;
    THAT(getsockopt(one, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size) == 0 && value == 60);
    value = 65536;
    THAT(setsockopt(one, SOL_SOCKET, SO_RCVBUF, &value, sizeof value) == 0);
    THAT(getsockopt(one, SOL_SOCKET, SO_RCVBUF, &value, &size) == 0 && value >= 65536);
    value = 42;
    THAT(setsockopt(one, IPPROTO_IP, IP_TTL, &value, sizeof value) == 0);
    value = 0;
    THAT(getsockopt(one, IPPROTO_IP, IP_TTL, &value, &size) == 0 && value == 42);
    THAT(getsockopt(one, SOL_SOCKET, SO_TYPE, &value, &size) == 0 && value == SOCK_STREAM);
    return true;
}

static bool tcp_wrong_order(void) {
    int one = socket(AF_INET, SOCK_STREAM, 0);
    char byte;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    FAILS(send(one, "x", 1, 0), ENOTCONN);
    FAILS(recv(one, &byte, 1, 0), ENOTCONN);
    FAILS(getpeername(one, (struct sockaddr *)&address, &size), ENOTCONN);
    FAILS(accept(one, NULL, NULL), EINVAL);
    FAILS(socket(12345, SOCK_STREAM, 0), EAFNOSUPPORT);
    FAILS(send(1234, "x", 1, 0), EBADF);
    return true;
}

static bool tcp_many_connections(void) {
    for (int i = 0; i < 50; i++) {
        char byte = 0;
        CONNECTED(client, server);
        THAT(send(client, "x", 1, 0) == 1 && recv(server, &byte, 1, 0) == 1 && byte == 'x');
        THAT(close(client) == 0 && close(server) == 0);
    }
    return true;
}

static bool tcp_timeout(void) {
    CONNECTED(client, server);
    struct timespec before, after;
    struct pollfd one = {.fd = client, .events = POLLIN};
    clock_gettime(CLOCK_MONOTONIC, &before);
    THAT(poll(&one, 1, 50) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    THAT((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 49);
    THAT(send(server, "x", 1, 0) == 1);
    THAT(poll(&one, 1, 10000) == 1 && (one.revents & POLLIN));
    return true;
}

static bool tcp_version_6(void) {
    int listener = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    THAT(listener >= 0 && client >= 0);
    THAT(bind(listener, ADDRESS(address)) == 0 && listen(listener, 1) == 0);
    THAT(getsockname(listener, (struct sockaddr *)&address, &size) == 0 && size == sizeof address);
    THAT(connect(client, ADDRESS(address)) == 0 || errno == EINPROGRESS);
    THAT(wait_for(listener, POLLIN));
    THAT(accept(listener, (struct sockaddr *)&address, &size) >= 0);
    THAT(memcmp(&address.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0);
    return true;
}

static bool udp_bound(int *one, struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    *address = loopback(0);
    *one = socket(AF_INET, SOCK_DGRAM, 0);
    THAT(*one >= 0 && bind(*one, ADDRESS(*address)) == 0);
    THAT(getsockname(*one, (struct sockaddr *)address, &size) == 0 && address->sin_port != 0);
    return true;
}

static bool udp_datagrams(void) {
    int first, second;
    struct sockaddr_in here, there, from;
    socklen_t size = sizeof from;
    char buffer[2048];
    if (!udp_bound(&first, &here) || !udp_bound(&second, &there)) {
        return false;
    }
    THAT(sendto(first, "one", 3, 0, ADDRESS(there)) == 3);
    THAT(sendto(first, "three", 5, 0, ADDRESS(there)) == 5);
    THAT(recvfrom(second, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size) == 3 && memcmp(buffer, "one", 3) == 0);
    THAT(from.sin_port == here.sin_port);
    THAT(recvfrom(second, buffer, sizeof buffer, 0, NULL, NULL) == 5);
    memset(buffer, 'b', 1400);
    THAT(sendto(second, buffer, 1400, 0, ADDRESS(here)) == 1400);
    THAT(wait_for(first, POLLIN));
    THAT(recv(first, buffer, sizeof buffer, 0) == 1400);
    return true;
}

static bool udp_connected(void) {
    int first, second;
    struct sockaddr_in here, there;
    char buffer[16];
    if (!udp_bound(&first, &here) || !udp_bound(&second, &there)) {
        return false;
    }
    THAT(connect(first, ADDRESS(there)) == 0);
    THAT(send(first, "hi", 2, 0) == 2);
    THAT(recv(second, buffer, sizeof buffer, 0) == 2);
    return true;
}

static bool names(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    THAT(getaddrinfo("localhost", "80", &hints, &found) == 0 && found != NULL);
    struct sockaddr_in *address = (struct sockaddr_in *)found->ai_addr;
    // Not the port: wasi:sockets looks up names only, and this wasi-libc leaves it 0 where the service is a number.
    THAT(ntohl(address->sin_addr.s_addr) >> 24 == 127);
    freeaddrinfo(found);
    THAT(getaddrinfo("no-such-name.invalid", NULL, &hints, &found) != 0);
    return true;
}

static const struct {
    const char *name;
    bool (*run)(void);
} tests[] = {
    {"tcp-conversation", tcp_conversation}, {"tcp-names", tcp_names}, {"tcp-refused", tcp_refused},
    {"tcp-address-in-use", tcp_address_in_use}, {"tcp-back-pressure", tcp_back_pressure}, {"tcp-options", tcp_options},
    {"tcp-wrong-order", tcp_wrong_order}, {"tcp-many-connections", tcp_many_connections}, {"tcp-timeout", tcp_timeout},
    {"tcp-ipv6", tcp_version_6}, {"udp-datagrams", udp_datagrams}, {"udp-connected", udp_connected}, {"name-lookup", names},
};

// Where the network is not granted, socket(2) may still answer; what matters is that nothing is reached.
static bool denied(void) {
    int one = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(0);
    if (one >= 0) {
        FAILS(bind(one, ADDRESS(address)), EACCES);
        one = socket(AF_INET, SOCK_STREAM, 0);
        address = loopback(9);
        FAILS(connect(one, ADDRESS(address)), EACCES);
    } else {
        THAT(errno == EACCES);
    }
    return true;
}

static bool report(const char *name, bool passed) {
    printf(passed ? "ok %s\n" : "FAIL %s: %s\n", name, failure);
    return passed;
}

int main(int count, char **arguments) {
    bool good = true, found = false;
    if (count > 1 && strcmp(arguments[1], "denied") == 0) {
        return !report("denied", denied());
    }
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (count > 1 && strcmp(arguments[1], "--list") == 0) {
            puts(tests[i].name);
            found = true;
        } else if (count < 2 || strcmp(arguments[1], tests[i].name) == 0) {
            good &= report(tests[i].name, tests[i].run());
            found = true;
        }
    }
    return !(good && found);
}
