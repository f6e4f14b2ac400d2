/* Stands between a till or hub and its disk (LD_PRELOAD): counts, records, kills and fails calls that change files below
 * SHIM_DIR. Everything is set by the environment:
 *
 *   SHIM_DIR      folder whose files count
 *   SHIM_LOG      record every change, in order, into this file (see record())
 *   SHIM_MARK     a file outside: what is written to it is recorded as a mark ("the receipt printed")
 *   SHIM_KILL_AT  kill -9 in place of the nth change; SHIM_TEAR=1 lets half of a write through first
 *   SHIM_EIO_AT   the nth sync fails with EIO, and nothing it covers counts as synced
 *   SHIM_BAD_AT   the nth write fails with EIO
 *   SHIM_ROOM     bytes by which files may grow before the disk is full
 *   SHIM_FULL     a file outside: while it is there, the disk is full
 *   SHIM_SICK     a file outside: while it is there, every sync fails with EIO
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *dir, *mark, *full, *sick;
static int log_fd = -1, ready;
static long changes, kill_at, syncs, eio_at, writes, bad_at, tear;
static long long room = -1;

/* Threads change files side by side: what one does and its record are one step, so that the log has the order of the disk. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void leave(int *held) {
    (void)held;
    pthread_mutex_unlock(&turn);
}

#define ONE_AT_A_TIME __attribute__((cleanup(leave))) int held = pthread_mutex_lock(&turn)

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void setup(void) {
    if (ready) return;
    ready = 1;
    dir = getenv("SHIM_DIR");
    mark = getenv("SHIM_MARK");
    full = getenv("SHIM_FULL");
    sick = getenv("SHIM_SICK");
    kill_at = number("SHIM_KILL_AT");
    eio_at = number("SHIM_EIO_AT");
    bad_at = number("SHIM_BAD_AT");
    tear = number("SHIM_TEAR");
    if (getenv("SHIM_ROOM")) room = atoll(getenv("SHIM_ROOM"));
    const char *log = getenv("SHIM_LOG");
    if (log) log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int counts(const char *path) {
    return dir && path && strncmp(path, dir, strlen(dir)) == 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, 4095);
    if (len < 0) return 0;
    path[len] = 0;
    return 1;
}

/* One record: op, path length, offset, data length (little-endian), then path and data. */
static void record(char op, const char *path, long long offset, const void *data, size_t len) {
    if (log_fd < 0) return;
    struct __attribute__((packed)) { char op; uint16_t path_len; int64_t offset; uint32_t len; } head =
        { op, (uint16_t)strlen(path), offset, (uint32_t)len };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)path, strlen(path) }, { (void *)data, len } };
    syscall(SYS_writev, log_fd, parts, 3);
}

/* Called before each change; says whether the process dies now. */
static int dies(void) {
    return ++changes == kill_at;
}

static void die(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

static ssize_t change(int fd, const void *data, size_t len, off_t offset) {
    ONE_AT_A_TIME;
    char path[4096];
    if (!path_of(fd, path) || !counts(path)) return -2;
    if (room >= 0 || full) {
        struct stat file;
        fstat(fd, &file);
        long long growth = (long long)offset + (long long)len - (long long)file.st_size;
        int is_full = (room >= 0 && growth > room) || (full && access(full, F_OK) == 0);
        if (growth > 0 && is_full) {
            errno = ENOSPC;
            return -1;
        }
        if (growth > 0 && room >= 0) room -= growth;
    }
    if (++writes == bad_at) {
        errno = EIO;
        return -1;
    }
    if (dies()) {
        if (tear) syscall(SYS_pwrite64, fd, data, len / 2, offset);
        die();
    }
    ssize_t done = syscall(SYS_pwrite64, fd, data, len, offset);
    if (done > 0) record('w', path, offset, data, (size_t)done);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset) {
    setup();
    ssize_t done = change(fd, data, len, offset);
    return done == -2 ? syscall(SYS_pwrite64, fd, data, len, offset) : done;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    return pwrite64(fd, data, len, offset);
}

ssize_t write(int fd, const void *data, size_t len) {
    setup();
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (offset >= 0) {
        ssize_t done = change(fd, data, len, offset);
        if (done > 0) lseek(fd, offset + done, SEEK_SET);
        if (done != -2) return done;
        ONE_AT_A_TIME;
        char path[4096];
        if (mark && path_of(fd, path) && strcmp(path, mark) == 0) record('m', path, 0, data, len);
    }
    return syscall(SYS_write, fd, data, len);
}

int ftruncate64(int fd, off64_t len) {
    setup();
    char path[4096];
    if (path_of(fd, path) && counts(path)) {
        if (dies()) die();
        struct stat file;
        fstat(fd, &file);
        if (room >= 0 && file.st_size > len) room += file.st_size - len;
        record('t', path, len, NULL, 0);
    }
    return syscall(SYS_ftruncate, fd, len);
}

int ftruncate(int fd, off_t len) {
    return ftruncate64(fd, len);
}

/* Says whether a sync fails. It is recorded before it is done: what another thread writes meanwhile is not covered. */
static int fails(int fd) {
    ONE_AT_A_TIME;
    char path[4096];
    if (!path_of(fd, path) || !counts(path)) return 0;
    if (dies()) die();
    if (++syncs == eio_at || (sick && access(sick, F_OK) == 0)) {
        errno = EIO;
        return 1;
    }
    record('s', path, 0, NULL, 0);
    return 0;
}

static int sync_fd(int fd, int number) {
    setup();
    return fails(fd) ? -1 : syscall(number, fd);
}

int fsync(int fd) {
    return sync_fd(fd, SYS_fsync);
}

int fdatasync(int fd) {
    return sync_fd(fd, SYS_fdatasync);
}

int rename(const char *from, const char *to) {
    setup();
    ONE_AT_A_TIME;
    if (counts(to)) {
        if (dies()) die();
        record('r', from, 0, to, strlen(to));
    }
    return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path) {
    setup();
    ONE_AT_A_TIME;
    if (counts(path)) {
        if (dies()) die();
        struct stat file;
        if (room >= 0 && stat(path, &file) == 0) room += file.st_size;
        record('u', path, 0, NULL, 0);
    }
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int open64(const char *path, int flags, ...) {
    setup();
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    ONE_AT_A_TIME;
    if (counts(path) && (flags & (O_CREAT | O_TRUNC))) {
        struct stat file;
        int there = stat(path, &file) == 0;
        if ((!there && (flags & O_CREAT)) || (there && (flags & O_TRUNC) && file.st_size > 0)) {
            if (dies()) die();
            record(there ? 't' : 'c', path, 0, NULL, 0);
        }
    }
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open64(path, flags, mode);
}
