/* A disk that turns read-only under a program that has its files open, as the kernel does it to a failing one: from the
   moment the file SKRANKE_TURNED is there, every write to a file below SKRANKE_DISK is refused. Put before the C library
   with LD_PRELOAD; mounting cannot do it, because no file system turns while a file on it is open for writing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_refused(int file) {
    const char *turned = getenv("SKRANKE_TURNED");
    const char *disk = getenv("SKRANKE_DISK");
    char link[64];
    char path[PATH_MAX] = "";
    if (!turned || !disk || access(turned, F_OK) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (readlink(link, path, sizeof path - 1) < 0) return 0;
    if (strncmp(path, disk, strlen(disk)) != 0) return 0;
    errno = EROFS;
    return 1;
}

#define REFUSABLE(result, name, parameters, arguments)          \
    result name parameters {                                    \
        static result(*real) parameters;                        \
        if (is_refused(file)) return -1;                        \
        if (!real) real = dlsym(RTLD_NEXT, #name);              \
        return real arguments;                                  \
    }

REFUSABLE(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
REFUSABLE(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
REFUSABLE(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
REFUSABLE(int, ftruncate, (int file, off_t size), (file, size))
REFUSABLE(int, ftruncate64, (int file, off64_t size), (file, size))
