/* What the contestants in C share: requests to rtnetlink, packed and sent as sandbox's init packs and sends them. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LO = 1, BRIDGE = 2, BATCH = 16 /* of kernel/rtnetlink/conversation.py */ };

/* Messages that travel together. */
static struct {
    _Alignas(4) char bytes[BATCH * 512];
    size_t length;
    int messages, netlink;
    struct nlmsghdr *last;
} batch;

static long check(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* Only the last is acknowledged: what was not refused until then has been done. */
static void ask(void)
{
    char answer[8192];
    if (batch.messages) {
        batch.last->nlmsg_flags |= NLM_F_ACK;
        check(send(batch.netlink, batch.bytes, batch.length, 0), "send");
    }
    while (batch.messages) {
        int left = check(recv(batch.netlink, answer, sizeof answer, 0), "recv");
        for (struct nlmsghdr *m = (void *)answer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
            if (m->nlmsg_type != NLMSG_ERROR)
                continue; /* what RTM_GETLINK tells; its acknowledgement follows */
            struct nlmsgerr *error = NLMSG_DATA(m);
            if (error->error) {
                fprintf(stderr, "netlink: %s\n", strerror(-error->error));
                exit(1);
            }
            batch.messages = 0;
        }
    }
    batch.length = 0;
}

static void *put(const void *content, size_t length)
{
    void *place = batch.bytes + batch.length;
    memset(place, 0, NLMSG_ALIGN(length));
    memcpy(place, content, length);
    batch.length += NLMSG_ALIGN(length);
    return place;
}

/* A request for the network of `netlink`; it leaves with those before it, unless they are for another. */
static struct nlmsghdr *begin(int netlink, int type, int flags, const void *body, size_t length)
{
    if (netlink != batch.netlink || batch.messages == BATCH)
        ask();
    batch.netlink = netlink;
    struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
    struct nlmsghdr *message = put(&header, sizeof header);
    put(body, length);
    batch.messages++;
    batch.last = message;
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

/* The settings of 64 namespaces through one instance of proc: see sandbox/kernel/sysctl.py. */
static int proc = AT_FDCWD, namespaces;

static void another_proc(void)
{
    int context = check(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC), "fsopen");
    check(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig");
    if (proc != AT_FDCWD)
        close(proc);
    proc = check(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0), "fsmount");
    close(context);
}

static void write_sysctl(const char *key, const char *content)
{
    char path[128];
    snprintf(path, sizeof path, "%ssys/net/%s", proc == AT_FDCWD ? "/proc/" : "", key);
    int fd = check(openat(proc, path, O_WRONLY | O_CLOEXEC), path);
    check(write(fd, content, strlen(content)), path);
    close(fd);
}

/* One end of a cable: where it is, and its number and name there; `master`: the bridge it is a port of, or 0. */
struct end {
    int netns, netlink, index, master;
    char name[IFNAMSIZ];
};

static void create_namespace(int *netns, int *netlink)
{
    int on = 1;
    check(unshare(CLONE_NEWNET), "unshare");
    *netns = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "ns/net");
    if (++namespaces % 64 == 0)
        another_proc();
    *netlink = check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
    check(setsockopt(*netlink, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on), "EXT_ACK");
    check(setsockopt(*netlink, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on), "CAP_ACK");
}

static void host_settings(void)
{
    write_sysctl("ipv4/ip_forward", "0");
    write_sysctl("ipv4/ip_unprivileged_port_start", "0");
    write_sysctl("ipv4/ping_group_range", "0 2147483647");
}

static void veth_end(const struct end *at)
{
    unsigned one = 1;
    attribute(IFLA_IFNAME, at->name, strlen(at->name) + 1);
    if (at->master)
        attribute(IFLA_MASTER, &at->master, sizeof at->master);
    attribute(IFLA_NET_NS_FD, &at->netns, sizeof at->netns);
    attribute(IFLA_NUM_TX_QUEUES, &one, sizeof one);
    attribute(IFLA_NUM_RX_QUEUES, &one, sizeof one);
}

static void create_veth(const struct end *first, const struct end *second)
{
    struct ifinfomsg link = {.ifi_index = first->index}, other = {.ifi_index = second->index};
    struct nlmsghdr *message = begin(first->netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    veth_end(first);
    struct rtattr *info = nest(IFLA_LINKINFO);
    attribute(IFLA_INFO_KIND, "veth", strlen("veth"));
    struct rtattr *data = nest(IFLA_INFO_DATA), *peer = nest(VETH_INFO_PEER);
    put(&other, sizeof other);
    veth_end(second);
    close_nest(peer);
    close_nest(data);
    close_nest(info);
    end(message);
}

static void set_up(int netlink, int index)
{
    struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    end(begin(netlink, RTM_NEWLINK, 0, &link, sizeof link));
}

static void no_link_local(const struct end *at)
{
    unsigned char none = IN6_ADDR_GEN_MODE_NONE;
    struct ifinfomsg link = {.ifi_index = at->index};
    struct nlmsghdr *message = begin(at->netlink, RTM_NEWLINK, 0, &link, sizeof link);
    struct rtattr *families = nest(IFLA_AF_SPEC), *ipv6 = nest(AF_INET6);
    attribute(IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    close_nest(ipv6);
    close_nest(families);
    end(message);
}

static void add_address(const struct end *at, in_addr_t address, int prefix)
{
    struct ifaddrmsg to = {.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = at->index};
    struct nlmsghdr *message = begin(at->netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &to, sizeof to);
    attribute(IFA_LOCAL, &address, sizeof address);
    attribute(IFA_ADDRESS, &address, sizeof address);
    end(message);
}

static void settle(const struct end *at)
{
    struct ifinfomsg link = {.ifi_index = at->index};
    end(begin(at->netlink, RTM_GETLINK, 0, &link, sizeof link));
}
