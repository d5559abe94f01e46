#define _GNU_SOURCE
// Answers HTTP requests with "hello", one connection after the other and one request on each: the least that an HTTP pod can be.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int signal) {
    _exit(128 + signal);
}

int main(void) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGTERM, end);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
        || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0) {
        return 1;
    }
    for (;;) {
        char request[4096];
        size_t length = 0;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) {
            continue;
        }
        while (length < sizeof request && !memmem(request, length, "\r\n\r\n", 4)) {
            ssize_t count = read(connection, request + length, sizeof request - length);
            if (count <= 0) {
                break;
            }
            length += (size_t)count;
        }
        if (write(connection, answer, sizeof answer - 1) < 0) {
            // The client has gone: the next one is waited for.
        }
        close(connection);
    }
}
