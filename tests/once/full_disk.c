/* A disk that is full from the FULL_FROM-th write on, and says in FULL_LOG how many writes there were.
   Preloaded into the program by disk.rs; pipes, sockets and terminals are never full. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long writes;

static int full(int fd) {
    struct stat at;
    if (fstat(fd, &at) != 0 || !S_ISREG(at.st_mode)) return 0;
    long now = atomic_fetch_add(&writes, 1) + 1;
    const char *from = getenv("FULL_FROM");
    if (from == NULL || now < atol(from)) return 0;
    errno = ENOSPC;
    return 1;
}

__attribute__((destructor)) static void told(void) {
    const char *path = getenv("FULL_LOG");
    if (path == NULL) return;
    FILE *log = fopen(path, "w");
    if (log == NULL) return;
    fprintf(log, "%ld", atomic_load(&writes));
    unsetenv("FULL_FROM");
    fclose(log);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t n) {
    return full(fd) ? -1 : REAL(write)(fd, from, n);
}

ssize_t writev(int fd, const struct iovec *from, int n) {
    return full(fd) ? -1 : REAL(writev)(fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at) {
    return full(fd) ? -1 : REAL(pwrite)(fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at) {
    return full(fd) ? -1 : REAL(pwrite64)(fd, from, n, at);
}

int ftruncate(int fd, off_t n) {
    return full(fd) ? -1 : REAL(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n) {
    return full(fd) ? -1 : REAL(ftruncate64)(fd, n);
}
