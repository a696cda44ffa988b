/*
 * Traffic between two ends, counted where it arrives.
 *
 *     traffic serve CPU          the far end, until it is killed
 *     traffic ask ADDRESS CPU    the near end; answers each line of its input, `KIND MILLISECONDS`, with two numbers:
 *
 *     tcp       Gbit/s received of one stream        segments sent again
 *     udp       1000 datagrams/s of 64 bytes received    percent lost
 *     tcp_rr    microseconds of a round trip of one byte, the median    round trips/s
 *     udp_rr    the same of a datagram
 *     ping      the same of an ICMP echo, which the other kernel answers
 *
 * Blocking calls of one message each and default buffers, as in most programs. Streams have a processor at each end.
 * In round trips only one end runs at a time: both do so on the near end's processor, or else most of what is measured
 * were how long an idle processor takes to wake up, some 40 us of 55 in a virtual machine.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <poll.h>
#include <string.h>

#include "traffic.h"

enum { PORT = 5300, DATAGRAM = 64, END = 1 /* the length of the datagram that is the last */ };
enum { TCP, UDP, TCP_RR, UDP_RR, OWN_CPU = -1 };
enum { ROUNDS_AT_MOST = 1 << 19, CONNECTS_AT_MOST = 2000 };

struct request {
    char kind;
    int cpu;
};

struct received {
    double amount, microseconds;
};

static char buffer[128 * 1024];
static double rounds[ROUNDS_AT_MOST];

static struct received count_bytes(int from)
{
    double bytes = 0, begun = 0;
    for (ssize_t length; (length = recv(from, buffer, sizeof buffer, 0)) > 0; bytes += length)
        begun = begun ? begun : now();
    return (struct received){bytes, now() - begun};
}

static struct received count_datagrams(int from)
{
    double datagrams = 0, begun = 0, last = 0;
    for (; recv(from, buffer, sizeof buffer, 0) == DATAGRAM; datagrams++) {
        last = now();
        begun = begun ? begun : last;
    }
    return (struct received){datagrams, last - begun};
}

static void echo_datagrams(int on)
{
    struct sockaddr_in asker;
    for (socklen_t size = sizeof asker; recvfrom(on, buffer, sizeof buffer, 0, (void *)&asker, &size) == DATAGRAM;)
        sendto(on, buffer, DATAGRAM, 0, (void *)&asker, size);
}

static void echo_bytes(int on)
{
    while (recv(on, buffer, 1, 0) == 1)
        send(on, buffer, 1, MSG_NOSIGNAL);
}

static void answer(int asker, int datagrams, int own_cpu)
{
    struct request request;
    struct received received = {0};
    while (recv(datagrams, buffer, sizeof buffer, MSG_DONTWAIT) >= 0)
        ; /* ends of the last time */
    if (recv(asker, &request, sizeof request, MSG_WAITALL) != sizeof request)
        return;
    keep_to(request.cpu == OWN_CPU ? own_cpu : request.cpu);
    send(asker, buffer, 1, MSG_NOSIGNAL);
    switch (request.kind) {
    case TCP: received = count_bytes(asker); break;
    case UDP: received = count_datagrams(datagrams); break;
    case TCP_RR: echo_bytes(asker); break;
    case UDP_RR: echo_datagrams(datagrams); break;
    }
    send(asker, &received, sizeof received, MSG_NOSIGNAL);
}

static void serve(int cpu)
{
    struct sockaddr_in anyone = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int datagrams = not_forever(open_socket(SOCK_DGRAM, 0)), listener = open_socket(SOCK_STREAM, 0);
    check(bind(datagrams, (void *)&anyone, sizeof anyone), "bind");
    check(bind(listener, (void *)&anyone, sizeof anyone), "bind");
    check(listen(listener, 1), "listen");
    for (;;) {
        int asker = check(accept(listener, NULL, NULL), "accept");
        answer(asker, datagrams, cpu);
        close(asker);
    }
}

/* What the near end does. The far end may still be starting. */
static int connect_to(struct sockaddr_in there)
{
    for (int tries = 0;; tries++) {
        int fd = not_forever(open_socket(SOCK_STREAM, 0));
        if (!connect(fd, (void *)&there, sizeof there))
            return fd;
        if (errno != ECONNREFUSED || tries == CONNECTS_AT_MOST)
            check(-1, "connect");
        close(fd);
        rest();
    }
}

static int datagrams_to(struct sockaddr_in there)
{
    int fd = not_forever(open_socket(SOCK_DGRAM, 0));
    check(connect(fd, (void *)&there, sizeof there), "connect");
    return fd;
}

static int begin(struct sockaddr_in there, char kind, int cpu)
{
    int fd = connect_to(there);
    struct request request = {.kind = kind, .cpu = cpu};
    check(send(fd, &request, sizeof request, MSG_NOSIGNAL), "send");
    if (recv(fd, buffer, 1, 0) != 1)
        check(-1, "the far end");
    return fd;
}

static struct received end(int fd)
{
    struct received received;
    check(shutdown(fd, SHUT_WR), "shutdown");
    if (recv(fd, &received, sizeof received, MSG_WAITALL) != sizeof received)
        check(-1, "the far end");
    close(fd);
    return received;
}

/* Where the far end's queue is full this is lost like any other. */
static void say_end(int datagrams, int fd)
{
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    do
        send(datagrams, buffer, END, 0);
    while (!poll(&answer, 1, 1));
    close(datagrams);
}

static void tcp(struct sockaddr_in there, double time)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    int fd = begin(there, TCP, OWN_CPU);
    for (double until = now() + time; now() < until;)
        check(send(fd, buffer, sizeof buffer, MSG_NOSIGNAL), "send");
    check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
    struct received received = end(fd);
    printf("%.3f %u\n", received.amount * 8 / received.microseconds / 1e3, info.tcpi_total_retrans);
}

static void udp(struct sockaddr_in there, double time)
{
    double sent = 0;
    int fd = begin(there, UDP, OWN_CPU), datagrams = datagrams_to(there);
    for (double until = now() + time; now() < until; sent++)
        check(send(datagrams, buffer, DATAGRAM, 0), "send");
    say_end(datagrams, fd);
    struct received received = end(fd);
    printf("%.3f %.2f\n", received.amount / received.microseconds * 1e3, 100 * (1 - received.amount / sent));
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Sends and receives until it is time, then tells how fast. The far end or its kernel sends the same length back. */
static void round_trips(int fd, size_t length, size_t back, double time)
{
    int count = 0;
    double begun = now(), before = begun;
    while (before < begun + time && count < ROUNDS_AT_MOST) {
        check(send(fd, buffer, length, 0), "send");
        if (recv(fd, buffer + length, back, 0) != (ssize_t)back)
            check(-1, "a round trip");
        double after = now();
        rounds[count++] = after - before;
        before = after;
    }
    qsort(rounds, count, sizeof *rounds, by_size);
    printf("%.3f %.0f\n", rounds[count / 2], count / (before - begun) * 1e6);
}

static void tcp_rr(struct sockaddr_in there, double time)
{
    int fd = begin(there, TCP_RR, sched_getcpu());
    round_trips(fd, 1, 1, time);
    end(fd);
}

static void udp_rr(struct sockaddr_in there, double time)
{
    int fd = begin(there, UDP_RR, sched_getcpu()), datagrams = datagrams_to(there);
    round_trips(datagrams, DATAGRAM, DATAGRAM, time);
    say_end(datagrams, fd);
    end(fd);
}

static void ping(struct sockaddr_in there, double time)
{
    int fd = not_forever(open_socket(SOCK_RAW, IPPROTO_ICMP));
    struct icmp_filter only_answers = {.data = ~(1U << ICMP_ECHOREPLY)};
    struct icmphdr *header = (void *)buffer;
    check(setsockopt(fd, SOL_RAW, ICMP_FILTER, &only_answers, sizeof only_answers), "ICMP_FILTER");
    check(connect(fd, (void *)&there, sizeof there), "connect");
    memset(buffer, 0, DATAGRAM);
    header->type = ICMP_ECHO;
    header->checksum = (unsigned short)~htons(ICMP_ECHO << 8); /* all else is zero */
    round_trips(fd, DATAGRAM, sizeof(struct iphdr) + DATAGRAM, time);
    close(fd);
}

static const struct {
    const char *name;
    void (*measure)(struct sockaddr_in, double);
} KINDS[] = {{"tcp", tcp}, {"udp", udp}, {"tcp_rr", tcp_rr}, {"udp_rr", udp_rr}, {"ping", ping}};

int main(int count, char **words)
{
    char kind[16];
    double milliseconds;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    setsid(); /* time is shared out among sessions first: each end has one, on every path */
    keep_to(atoi(words[count - 1]));
    if (count == 3 && !strcmp(words[1], "serve"))
        serve(atoi(words[2]));
    there.sin_addr.s_addr = inet_addr(words[2]);
    while (scanf("%15s %lf", kind, &milliseconds) == 2) {
        for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
            if (!strcmp(kind, KINDS[i].name))
                KINDS[i].measure(there, milliseconds * 1e3);
        fflush(stdout);
    }
}
