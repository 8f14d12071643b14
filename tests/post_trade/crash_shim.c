/* Counts what a process writes, and stops it at one of the writes.
   Modes: 0 SIGKILL before the write; 1 the disk is full from that write on; 2 half of the write
   happens, then SIGKILL; 3 SIGSTOP before the write, once. Syncs are counted and not waited for: what is killed here is the process,
   not the machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long stop_at = -1, counted = 0;
static int mode = 0;

void crash_arm(long at, int how) { stop_at = at; mode = how; counted = 0; }

static int hit(void) {
    if (stop_at < 0) return 0;
    counted++;
    if (counted < stop_at) return 0;
    if (mode == 1) { errno = ENOSPC; return 1; }
    if (mode == 3) { if (counted == stop_at) raise(SIGSTOP); return 0; }
    if (mode == 2 && counted == stop_at) return 2;
    kill(getpid(), SIGKILL);
    return 0;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    if (fd > 2) { int h = hit(); if (h == 1) return -1;
        if (h == 2) { real(fd, data, n / 2); kill(getpid(), SIGKILL); } }
    return real(fd, data, n);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    REAL(pwrite);
    int h = hit(); if (h == 1) return -1;
    if (h == 2) { real(fd, data, n / 2, at); kill(getpid(), SIGKILL); }
    return real(fd, data, n, at);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    REAL(pwrite64);
    int h = hit(); if (h == 1) return -1;
    if (h == 2) { real(fd, data, n / 2, at); kill(getpid(), SIGKILL); }
    return real(fd, data, n, at);
}
#define SIMPLE(ret, name, params, args) \
    ret name params { REAL(name); int h = hit(); if (h == 1) return -1; \
        if (h == 2) kill(getpid(), SIGKILL); return real args; }
SIMPLE(int, rename, (const char *a, const char *b), (a, b))
SIMPLE(int, mkdir, (const char *a, mode_t m), (a, m))
SIMPLE(int, ftruncate, (int fd, off_t n), (fd, n))
SIMPLE(int, ftruncate64, (int fd, off64_t n), (fd, n))
int unlink(const char *a) { REAL(unlink); if (stop_at >= 0 && mode != 1) hit(); return real(a); }
int fsync(int fd) { (void)fd; return hit() == 1 ? -1 : 0; }
int fdatasync(int fd) { (void)fd; return hit() == 1 ? -1 : 0; }
