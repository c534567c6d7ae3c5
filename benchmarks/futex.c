/* Round trips between two processes over two futex words: what a ping-pong costs at least.
 *
 *     futex ROUNDS SPIN_NS    prints: nanoseconds on the clock, nanoseconds of both processors
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EMPTY, FULL, ASLEEP };

struct word {
    _Alignas(64) _Atomic int state;
};

static long spin_ns;

static long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static long cpu_ns(int who) {
    struct rusage used;
    getrusage(who, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000L
        + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000L;
}

static void give(struct word *word) {
    if (atomic_exchange(&word->state, FULL) == ASLEEP)
        syscall(SYS_futex, &word->state, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void take(struct word *word) {
    if (spin_ns) {
        long end = now_ns() + spin_ns;
        while (atomic_load(&word->state) != FULL && now_ns() < end)
            ;
    }
    int expected = EMPTY;
    if (atomic_compare_exchange_strong(&word->state, &expected, ASLEEP))
        while (atomic_load(&word->state) == ASLEEP)
            syscall(SYS_futex, &word->state, FUTEX_WAIT, ASLEEP, NULL, NULL, 0);
    atomic_store(&word->state, EMPTY);
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    long rounds = atol(arguments[1]);
    spin_ns = atol(arguments[2]);
    struct word *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED)
        return 1;
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (long round = 0; round <= rounds; round++) {
            take(&words[0]);
            give(&words[1]);
        }
        _exit(0);
    }
    long started = 0;
    for (long round = 0; round <= rounds; round++) {
        if (round == 1) /* by then the child runs */
            started = now_ns();
        give(&words[0]);
        take(&words[1]);
    }
    long elapsed = now_ns() - started;
    waitpid(child, NULL, 0);
    printf("%ld %ld\n", elapsed, cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN));
    return 0;
}
