/*
 * The floor: what a pair costs when C makes the system calls that sandbox's init makes, in their order.
 *
 *     floor         answers each line of its input with the microseconds that one pair took, from first call to last
 *     floor init    the same, but built by a PID 1 of its own and seen from outside, until that is gone
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_INDEX = 2, LO = 1 };

struct node {
    int netns, netlink;
    const char *address;
};

/* Messages that travel together, and how many answers they get. */
static struct {
    _Alignas(4) char bytes[4096];
    size_t length;
    int messages;
} batch;

static long check(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static void *put(const void *content, size_t length)
{
    void *place = batch.bytes + batch.length;
    memset(place, 0, NLMSG_ALIGN(length));
    memcpy(place, content, length);
    batch.length += NLMSG_ALIGN(length);
    return place;
}

static struct nlmsghdr *begin(int type, int flags, const void *body, size_t length)
{
    struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags};
    struct nlmsghdr *message = put(&header, sizeof header);
    put(body, length);
    batch.messages++;
    return message;
}

static void end(struct nlmsghdr *message)
{
    message->nlmsg_len = batch.bytes + batch.length - (char *)message;
}

static void attribute(int kind, const void *content, size_t length)
{
    struct rtattr header = {.rta_type = kind, .rta_len = RTA_LENGTH(length)};
    put(&header, sizeof header);
    put(content, length);
}

static struct rtattr *nest(int kind)
{
    struct rtattr header = {.rta_type = kind | NLA_F_NESTED};
    return put(&header, sizeof header);
}

static void close_nest(struct rtattr *attribute)
{
    attribute->rta_len = batch.bytes + batch.length - (char *)attribute;
}

static void ask(int netlink)
{
    char answer[8192];
    check(send(netlink, batch.bytes, batch.length, 0), "send");
    while (batch.messages) {
        int left = check(recv(netlink, answer, sizeof answer, 0), "recv");
        for (struct nlmsghdr *m = (void *)answer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
            if (m->nlmsg_type != NLMSG_ERROR)
                continue; /* what RTM_GETLINK tells; its acknowledgement follows */
            struct nlmsgerr *error = NLMSG_DATA(m);
            if (error->error) {
                fprintf(stderr, "netlink: %s\n", strerror(-error->error));
                exit(1);
            }
            batch.messages--;
        }
    }
    batch.length = 0;
}

static void write_sysctl(const char *path, const char *content)
{
    int fd = check(open(path, O_WRONLY | O_CLOEXEC), path);
    check(write(fd, content, strlen(content)), path);
    close(fd);
}

static void create_node(struct node *node)
{
    int on = 1;
    check(unshare(CLONE_NEWNET), "unshare");
    node->netns = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "ns/net");
    node->netlink = check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
    check(setsockopt(node->netlink, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on), "EXT_ACK");
    check(setsockopt(node->netlink, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on), "CAP_ACK");
    write_sysctl("/proc/sys/net/ipv4/ip_forward", "0");
    write_sysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

static void veth_end(int netns)
{
    unsigned one = 1;
    attribute(IFLA_IFNAME, "eth0", sizeof "eth0");
    attribute(IFLA_NET_NS_FD, &netns, sizeof netns);
    attribute(IFLA_NUM_TX_QUEUES, &one, sizeof one);
    attribute(IFLA_NUM_RX_QUEUES, &one, sizeof one);
}

static void create_veth(struct node *a, struct node *b)
{
    struct ifinfomsg link = {.ifi_index = FIRST_INDEX};
    struct nlmsghdr *message = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    veth_end(a->netns);
    struct rtattr *info = nest(IFLA_LINKINFO);
    attribute(IFLA_INFO_KIND, "veth", strlen("veth"));
    struct rtattr *data = nest(IFLA_INFO_DATA), *peer = nest(VETH_INFO_PEER);
    put(&link, sizeof link);
    veth_end(b->netns);
    close_nest(peer);
    close_nest(data);
    close_nest(info);
    end(message);
    ask(a->netlink);
}

static void set_up(int index)
{
    struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    end(begin(RTM_NEWLINK, 0, &link, sizeof link));
}

static void no_link_local(void)
{
    unsigned char none = IN6_ADDR_GEN_MODE_NONE;
    struct ifinfomsg link = {.ifi_index = FIRST_INDEX};
    struct nlmsghdr *message = begin(RTM_NEWLINK, 0, &link, sizeof link);
    struct rtattr *families = nest(IFLA_AF_SPEC), *ipv6 = nest(AF_INET6);
    attribute(IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    close_nest(ipv6);
    close_nest(families);
    end(message);
}

static void add_address(const char *text)
{
    struct ifaddrmsg to = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = FIRST_INDEX};
    in_addr_t address = inet_addr(text);
    struct nlmsghdr *message = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &to, sizeof to);
    attribute(IFA_LOCAL, &address, sizeof address);
    attribute(IFA_ADDRESS, &address, sizeof address);
    end(message);
}

static void bring_up(struct node *node)
{
    set_up(LO);
    no_link_local();
    add_address(node->address);
    set_up(FIRST_INDEX);
    ask(node->netlink);
}

static void settle(struct node *node)
{
    struct ifinfomsg link = {.ifi_index = FIRST_INDEX};
    end(begin(RTM_GETLINK, 0, &link, sizeof link));
    ask(node->netlink);
}

static void build(struct node *a, struct node *b)
{
    create_node(a);
    create_node(b);
    create_veth(a, b);
    bring_up(a);
    bring_up(b);
    settle(a);
    settle(b);
    close(a->netlink);
    close(b->netlink);
}

static void pair(void)
{
    struct node a = {.address = "192.168.1.1"}, b = {.address = "192.168.1.2"};
    build(&a, &b);
    close(a.netns);
    close(b.netns);
}

/* A PID 1 that builds, says so, and lives until the other end of its socket is closed. */
static void pair_of_init(void)
{
    int ends[2];
    char word = 0;
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    struct clone_args request = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
    pid_t pid = check(syscall(SYS_clone3, &request, sizeof request), "clone3");
    if (pid == 0) {
        struct node a = {.address = "192.168.1.1"}, b = {.address = "192.168.1.2"};
        close(ends[0]);
        build(&a, &b);
        check(write(ends[1], &word, 1), "write");
        _exit(read(ends[1], &word, 1) != 0);
    }
    close(ends[1]);
    if (read(ends[0], &word, 1) != 1)
        exit(1); /* it said why */
    close(ends[0]);
    check(waitpid(pid, NULL, 0), "waitpid");
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int count, char **words)
{
    void (*measured)(void) = count > 1 && !strcmp(words[1], "init") ? pair_of_init : pair;
    for (char line[16]; fgets(line, sizeof line, stdin);) {
        double begun = microseconds();
        measured();
        printf("%.1f\n", microseconds() - begun);
        fflush(stdout);
    }
}
