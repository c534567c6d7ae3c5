/* A word to another processor and back: how far is it from one to the other?
 *
 *     distance ROUNDS         prints: nanoseconds of all round trips
 *
 * Both threads only look, each on a processor of its own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
    _Alignas(128) _Atomic long turn;
} shared;

static long rounds;
static cpu_set_t processors;

static void go_to(int number) {
    for (int at = 0; at < CPU_SETSIZE; at++)
        if (CPU_ISSET(at, &processors) && number-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(at, &one);
            sched_setaffinity(0, sizeof one, &one);
        }
}

static void await_turn(long turn) {
    while (atomic_load(&shared.turn) != turn)
        ;
}

static void *answer(void *unused) {
    go_to(1);
    for (long round = 0; round <= rounds; round++) {
        await_turn(2 * round + 1);
        atomic_store(&shared.turn, 2 * round + 2);
    }
    return unused;
}

int main(int count, char **arguments) {
    pthread_t other;
    struct timespec started = {0}, ended;
    if (count != 2 || sched_getaffinity(0, sizeof processors, &processors) || CPU_COUNT(&processors) < 2)
        return 2;
    rounds = atol(arguments[1]);
    go_to(0);
    if (pthread_create(&other, NULL, answer, NULL))
        return 1;
    for (long round = 0; round <= rounds; round++) {
        if (round == 1) /* by then the other one looks */
            clock_gettime(CLOCK_MONOTONIC, &started);
        atomic_store(&shared.turn, 2 * round + 1);
        await_turn(2 * round + 2);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    pthread_join(other, NULL);
    printf("%ld\n", (ended.tv_sec - started.tv_sec) * 1000000000L + ended.tv_nsec - started.tv_nsec);
    return 0;
}
