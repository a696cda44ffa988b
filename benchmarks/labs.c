/*
 * The floor of a whole lab: the system calls that sandbox's init makes for one, in their order, made by C.
 *
 *     labs pairs|switch|chain N    answers a line `build` with the microseconds that a lab took to be there, and
 *                                  a line `close` with those that it took to go, both seen from outside its PID 1
 *
 * Pairs are N cables between 2 N nodes, a switch has N nodes on it, a chain is N nodes, each joined to the next.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "wire.h"

enum { ENDS = 2 };

/* A node with the ends of its cables, or a switch, whose ports are the far ends of its nodes'. */
struct node {
    int netns, netlink, ends;
    struct end end[ENDS];
    in_addr_t address[ENDS];
};

struct cable {
    struct end *first, *second;
};

static struct node *nodes, lan;
static struct cable *cables;
static struct end *ports;
static int node_count, cable_count, port_count;

static struct end *plug(struct node *node, in_addr_t address)
{
    struct end *end = &node->end[node->ends];
    *end = (struct end){.index = 2 + node->ends};
    snprintf(end->name, sizeof end->name, "eth%d", node->ends);
    node->address[node->ends++] = htonl(address);
    return end;
}

static void join(struct node *a, struct node *b)
{
    in_addr_t subnet = (10 << 24) + (cable_count << 8);
    cables[cable_count++] = (struct cable){plug(a, subnet + 1), plug(b, subnet + 2)};
}

static void plug_into_switch(struct node *node)
{
    struct end *port = &ports[port_count];
    *port = (struct end){.index = 3 + port_count, .master = BRIDGE};
    snprintf(port->name, sizeof port->name, "port%d", port_count);
    cables[cable_count++] = (struct cable){port, plug(node, (10 << 24) + 1 + port_count++)};
}

static void declare(const char *shape, int n)
{
    node_count = strcmp(shape, "pairs") ? n : 2 * n;
    nodes = calloc(node_count, sizeof *nodes);
    cables = calloc(n, sizeof *cables);
    ports = calloc(n, sizeof *ports);
    for (int i = 0; i < n; i++) {
        if (!strcmp(shape, "pairs"))
            join(&nodes[2 * i], &nodes[2 * i + 1]);
        else if (!strcmp(shape, "switch"))
            plug_into_switch(&nodes[i]);
        else if (i + 1 < n)
            join(&nodes[i], &nodes[i + 1]);
    }
}

static void create_node(struct node *node)
{
    create_namespace(&node->netns, &node->netlink);
    host_settings();
    if (node->ends > 1) {
        write_sysctl("ipv4/conf/all/rp_filter", "0");
        write_sysctl("ipv4/conf/default/rp_filter", "0");
    }
    for (int i = 0; i < node->ends; i++) {
        node->end[i].netns = node->netns;
        node->end[i].netlink = node->netlink;
    }
}

static void create_bridge(void)
{
    struct ifinfomsg link = {.ifi_index = BRIDGE};
    unsigned char off = 0;
    struct nlmsghdr *message = begin(lan.netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    attribute(IFLA_IFNAME, "br0", sizeof "br0");
    struct rtattr *info = nest(IFLA_LINKINFO);
    attribute(IFLA_INFO_KIND, "bridge", sizeof "bridge");
    struct rtattr *data = nest(IFLA_INFO_DATA);
    attribute(IFLA_BR_MCAST_SNOOPING, &off, sizeof off);
    close_nest(data);
    close_nest(info);
    end(message);
    ask();
}

static void create_switch(void)
{
    create_namespace(&lan.netns, &lan.netlink);
    write_sysctl("ipv6/conf/default/disable_ipv6", "1");
    if (!access("/proc/sys/net/bridge", F_OK)) {
        write_sysctl("bridge/bridge-nf-call-arptables", "0");
        write_sysctl("bridge/bridge-nf-call-ip6tables", "0");
        write_sysctl("bridge/bridge-nf-call-iptables", "0");
    }
    create_bridge();
    for (int i = 0; i < port_count; i++) {
        ports[i].netns = lan.netns;
        ports[i].netlink = lan.netlink;
    }
}

static void bring_up(const struct node *node, int prefix)
{
    set_up(node->netlink, LO);
    for (int i = 0; i < node->ends; i++) {
        no_link_local(&node->end[i]);
        add_address(&node->end[i], node->address[i], prefix);
        set_up(node->netlink, node->end[i].index);
    }
}

static void build(void)
{
    for (int i = 0; i < node_count; i++)
        create_node(&nodes[i]);
    if (port_count)
        create_switch();
    for (int i = 0; i < cable_count; i++)
        create_veth(cables[i].first, cables[i].second);
    ask();
    for (int i = 0; i < node_count; i++)
        bring_up(&nodes[i], port_count ? 16 : 24);
    if (port_count)
        set_up(lan.netlink, BRIDGE);
    for (int i = 0; i < port_count; i++)
        set_up(lan.netlink, ports[i].index);
    ask();
    for (int i = 0; i < node_count; i++)
        for (int j = 0; j < nodes[i].ends; j++)
            settle(&nodes[i].end[j]);
    for (int i = 0; i < port_count; i++)
        settle(&ports[i]);
    ask();
    for (int i = 0; i < node_count; i++)
        close(nodes[i].netlink);
    if (port_count)
        close(lan.netlink);
    if (proc != AT_FDCWD)
        close(proc);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

/* A PID 1 that builds, says so, and lives until the other end of its socket is closed: with it the lab goes. */
static pid_t start_init(int *lab)
{
    int ends[2];
    char word = 0;
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    struct clone_args request = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
    pid_t pid = check(syscall(SYS_clone3, &request, sizeof request), "clone3");
    if (pid == 0) {
        close(ends[0]);
        raise_descriptor_limit();
        build();
        check(write(ends[1], &word, 1), "write");
        _exit(read(ends[1], &word, 1) != 0);
    }
    close(ends[1]);
    if (read(ends[0], &word, 1) != 1)
        exit(1); /* it said why */
    *lab = ends[0];
    return pid;
}

int main(int count, char **words)
{
    int lab = -1;
    pid_t init = -1;
    if (count != 3 || atoi(words[2]) < 1)
        return 2;
    declare(words[1], atoi(words[2]));
    for (char line[16]; fgets(line, sizeof line, stdin);) {
        double begun = microseconds();
        if (!strcmp(line, "build\n")) {
            init = start_init(&lab);
        } else {
            close(lab);
            check(waitpid(init, NULL, 0), "waitpid");
        }
        printf("%.1f\n", microseconds() - begun);
        fflush(stdout);
    }
}
