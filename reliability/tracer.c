/*
 * Kills, or makes fail, at one system call of a program and of all that it starts: ptrace(2).
 *
 *     tracer FD list COMMAND...                           tells of every call until all is quiet
 *     tracer FD kill WHO NUMBER VICTIM COMMAND...         kills VICTIM as WHO begins its call of that number
 *     tracer FD fail WHO CALL NUMBER ERRNO COMMAND...     has WHO's call fail that is the NUMBER-th of its kind
 *
 * WHO and VICTIM: 0 is the program from its exec on, 1 what it forks, 2 and higher what that forks, in their order.
 * Calls are counted for each by itself. What was done is told on FD, a line, whose end comes with the tracer's.
 *
 * Whoever starts this is the parent of COMMAND, as without it: it is a fork of a fork that traces. Once it has done its
 * one deed it ends; the kernel lets go of all that it traces then, and these go on at full speed. So nothing dies with
 * it, and nothing that should have died is held by it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLER, INIT, FIRST_COMMAND, UNKNOWN = -1, MOST = 256, LONGEST = 255 };

/* No call in this time: everybody waits for something that is not to come. */
static const struct itimerval QUIET = {.it_interval.tv_usec = 400000, .it_value.tv_usec = 400000};

struct tracee {
    pid_t pid;
    int role, is_held, fails;
    long calls, uses;
};

static struct tracee tracees[MOST];
static int next_command = FIRST_COMMAND, has_begun;
static volatile sig_atomic_t is_quiet, is_busy;
static FILE *report;

static int will_kill, will_fail, who, victim, error;
static long call, number;

static void end(const char *what)
{
    fprintf(report, "%s\n", what);
    exit(0);
}

static void check(long result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(report ? report : stderr, "tracer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void tick(int signal)
{
    (void)signal;
    is_quiet = !is_busy;
    is_busy = 0;
}

static struct tracee *find(pid_t pid)
{
    for (struct tracee *each = tracees; each < tracees + MOST; each++)
        if (each->pid == pid)
            return each;
    return NULL;
}

static struct tracee *found_or_new(pid_t pid)
{
    struct tracee *tracee = find(pid);
    if (tracee)
        return tracee;
    tracee = find(0);
    if (!tracee)
        end("tracer: too many processes");
    *tracee = (struct tracee){.pid = pid, .role = UNKNOWN};
    return tracee;
}

static void strike(struct tracee *tracee, const char *when)
{
    for (struct tracee *each = tracees; each < tracees + MOST; each++)
        if (each->pid && each->role == victim)
            tracee = each;
    if (!tracee)
        end("tracer: there is no such process");
    check(kill(tracee->pid, SIGKILL), "kill");
    end(when);
}

/* A call of number -1 is none: what it returns then is what is written into its register. */
static void fail_call(pid_t pid, int has_returned)
{
#if defined(__x86_64__)
    size_t place = has_returned ? offsetof(struct user, regs.rax) : offsetof(struct user, regs.orig_rax);
    check(ptrace(PTRACE_POKEUSER, pid, place, has_returned ? (long)-error : -1L), "PTRACE_POKEUSER");
#elif defined(__aarch64__)
    int none = -1;
    struct user_regs_struct registers;
    struct iovec all = {&registers, sizeof registers}, of_call = {&none, sizeof none};
    if (!has_returned) {
        check(ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &of_call), "PTRACE_SETREGSET");
        return;
    }
    check(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all), "PTRACE_GETREGSET");
    registers.regs[0] = -error;
    check(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all), "PTRACE_SETREGSET");
#else
#error "where is the number of a system call on this machine?"
#endif
}

/* Of what is opened its path as well, which is the second argument. */
static void tell(const struct tracee *tracee, long begun, unsigned long path)
{
    char text[LONGEST + 1] = "";
    struct iovec here = {text, LONGEST}, there = {(void *)path, LONGEST};
    if (begun == SYS_openat)
        process_vm_readv(tracee->pid, &here, 1, &there, 1, 0);
    fprintf(report, "%d %ld %s\n", tracee->role, begun, text);
}

static void note_begin(struct tracee *tracee, long begun, unsigned long path)
{
    tracee->calls++;
    if (!will_kill && !will_fail)
        tell(tracee, begun, path);
    if (tracee->role != who)
        return;
    if (will_kill && tracee->calls == number)
        strike(tracee, "done");
    if (will_fail && begun == call && ++tracee->uses == number) {
        fail_call(tracee->pid, 0);
        tracee->fails = 1;
    }
}

static void note_call(struct tracee *tracee)
{
    struct __ptrace_syscall_info info;
    long size = ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof info, &info);
    if (size < 0 && errno == ESRCH)
        return; /* somebody has killed it */
    check(size, "PTRACE_GET_SYSCALL_INFO");
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->fails) {
        fail_call(tracee->pid, 1);
        end("done");
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && has_begun)
        note_begin(tracee, (long)info.entry.nr, info.entry.args[1]);
}

static void go_on(struct tracee *tracee, enum __ptrace_request how, int signal)
{
    if (ptrace(how, tracee->pid, 0, signal) < 0 && errno != ESRCH)
        check(-1, "ptrace");
}

static void note_fork(const struct tracee *parent)
{
    unsigned long pid;
    if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
        return;
    struct tracee *child = found_or_new((pid_t)pid);
    child->role = parent->role == CALLER ? INIT : next_command++;
    if (child->is_held)
        go_on(child, PTRACE_SYSCALL, 0);
}

static void note_stop(struct tracee *tracee, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    enum __ptrace_request how = PTRACE_SYSCALL;
    if (signal == (SIGTRAP | 0x80))
        note_call(tracee);
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        note_fork(tracee);
    else if (event == PTRACE_EVENT_EXEC)
        has_begun = 1;
    else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
        how = PTRACE_LISTEN; /* it was stopped, and is to stay so */
    tracee->is_held = tracee->role == UNKNOWN; /* until its parent tells of it */
    if (!tracee->is_held)
        go_on(tracee, how, event || signal == (SIGTRAP | 0x80) ? 0 : signal);
}

static void trace(void)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR && is_quiet && will_kill)
            strike(NULL, "quiet");
        if (pid < 0 && errno == EINTR && is_quiet)
            end("quiet");
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            end("ended"); /* ECHILD: all of them have */
        is_busy = 1;
        struct tracee *tracee = found_or_new(pid);
        if (WIFSTOPPED(status))
            note_stop(tracee, status);
        else
            tracee->pid = 0;
    }
}

static void begin(pid_t caller, int seized)
{
    int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    found_or_new(caller)->role = CALLER;
    check(ptrace(PTRACE_SEIZE, caller, 0, options | PTRACE_O_TRACEEXEC), "PTRACE_SEIZE");
    check(ptrace(PTRACE_INTERRUPT, caller, 0, 0), "PTRACE_INTERRUPT");
    struct sigaction on_tick = {.sa_handler = tick};
    is_busy = 1;
    check(sigaction(SIGALRM, &on_tick, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &QUIET, NULL), "setitimer");
    check(write(seized, "", 1), "write");
    trace();
}

static char **read_words(char **words)
{
    int fd = atoi(*++words);
    check(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
    report = fdopen(fd, "w");
    const char *deed = *++words;
    will_kill = !strcmp(deed, "kill");
    will_fail = !strcmp(deed, "fail");
    if (will_kill || will_fail)
        who = atoi(*++words);
    if (will_fail)
        call = atol(*++words);
    if (will_kill || will_fail)
        number = atol(*++words);
    if (will_kill)
        victim = atoi(*++words);
    if (will_fail)
        error = atoi(*++words);
    return words + 1;
}

int main(int count, char **words)
{
    if (count < 4)
        return 2;
    words = read_words(words);
    int ends[2];
    pid_t caller = getpid();
    check(pipe2(ends, O_CLOEXEC), "pipe2");
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* for a kernel with Yama; else it is refused, and not needed */
    pid_t between = fork();
    check(between, "fork");
    if (between == 0) {
        if (fork() == 0)
            begin(caller, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    check(waitpid(between, NULL, 0), "waitpid");
    char byte;
    if (read(ends[0], &byte, 1) != 1)
        return 1; /* the tracer said why */
    execvp(words[0], words);
    check(-1, words[0]);
}
