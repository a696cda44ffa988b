/*
 * The floor: what a pair costs when C makes the system calls that sandbox's init makes, in their order.
 *
 *     floor         answers each line of its input with the microseconds that one pair took, from first call to last
 *     floor init    the same, but built by a PID 1 of its own and seen from outside, until that is gone
 *     floor spawn   as floor, the microseconds that `true` took in a pair that is there
 *     floor launch  asks nothing: builds a pair by a PID 1 of its own, runs `true` in both ends, and is gone
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "wire.h"

static void bring_up(const struct end *end, const char *address)
{
    set_up(end->netlink, LO);
    no_link_local(end);
    add_address(end, inet_addr(address), 24);
    set_up(end->netlink, end->index);
    ask();
}

static void build(struct end *a, struct end *b)
{
    create_namespace(&a->netns, &a->netlink);
    host_settings();
    create_namespace(&b->netns, &b->netlink);
    host_settings();
    create_veth(a, b);
    ask();
    bring_up(a, "192.168.1.1");
    bring_up(b, "192.168.1.2");
    settle(a);
    settle(b);
    ask();
    close(a->netlink);
    close(b->netlink);
}

static void pair(void)
{
    struct end a = {.index = 2, .name = "eth0"}, b = a;
    build(&a, &b);
    close(a.netns);
    close(b.netns);
}

/* Its child is PID 1. */
static pid_t fork_init(void)
{
    struct clone_args request = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
    return check(syscall(SYS_clone3, &request, sizeof request), "clone3");
}

/* A PID 1 that builds, says so, and lives until the other end of its socket is closed. */
static void pair_of_init(void)
{
    int ends[2];
    char word = 0;
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    pid_t pid = fork_init();
    if (pid == 0) {
        struct end a = {.index = 2, .name = "eth0"}, b = a;
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

static void start_true(int netns)
{
    if (check(vfork(), "vfork") == 0) {
        if (setns(netns, CLONE_NEWNET) == 0)
            execl("/bin/true", "true", NULL);
        _exit(127);
    }
}

/* Whether every child there was succeeded. */
static int all_succeed(void)
{
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    return !failed;
}

static void true_in_a_node(void)
{
    static struct end a = {.index = 2, .name = "eth0"}, b = {.index = 2, .name = "eth0"};
    if (!a.netns)
        build(&a, &b);
    double begun = microseconds();
    start_true(a.netns);
    if (!all_succeed())
        exit(1);
    printf("%.1f\n", microseconds() - begun);
}

static int launch(void)
{
    if (fork_init() == 0) {
        struct end a = {.index = 2, .name = "eth0"}, b = a;
        build(&a, &b);
        start_true(a.netns);
        start_true(b.netns);
        _exit(!all_succeed());
    }
    return !all_succeed();
}

static void tell(void (*measured)(void))
{
    double begun = microseconds();
    measured();
    printf("%.1f\n", microseconds() - begun);
}

int main(int count, char **words)
{
    const char *asked = count > 1 ? words[1] : "";
    if (!strcmp(asked, "launch"))
        return launch();
    for (char line[16]; fgets(line, sizeof line, stdin);) {
        if (!strcmp(asked, "spawn"))
            true_in_a_node();
        else
            tell(strcmp(asked, "init") ? pair : pair_of_init);
        fflush(stdout);
    }
}
