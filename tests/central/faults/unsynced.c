/* Loaded before a program (LD_PRELOAD), this keeps beside each file under WATCHED what a power cut would leave of it:
 * its content as of its last fsync or fdatasync, under KEPT. Names change there when they change here, as with a
 * journalled file system; content never does without a sync. Nothing but tests loads it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *below(const char *path) {
  const char *watched = getenv("SKRANKE_WATCHED");
  size_t length = watched ? strlen(watched) : 0;
  if (!length || strncmp(path, watched, length) != 0) return NULL;
  return path + length;
}

static int kept(const char *path, char *to, size_t size) {
  const char *rest = below(path);
  const char *folder = getenv("SKRANKE_KEPT");
  if (!rest || !folder) return 0;
  snprintf(to, size, "%s%s", folder, rest);
  for (char *at = to + strlen(folder) + 1; (at = strchr(at, '/')); at++) {
    *at = 0;
    mkdir(to, 0700);
    *at = '/';
  }
  return 1;
}

static void keep(int file) {
  char link[64], path[4096], to[4096], block[65536];
  struct stat about;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0 || fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return;
  path[length] = 0;
  if (!kept(path, to, sizeof to)) return;
  int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int in = open(path, O_RDONLY);
  ssize_t count;
  while (in >= 0 && out >= 0 && (count = read(in, block, sizeof block)) > 0)
    if (write(out, block, count) != count) break;
  if (in >= 0) close(in);
  if (out >= 0) close(out);
}

int fsync(int file) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  int result = real(file);
  if (result == 0) keep(file);
  return result;
}

int fdatasync(int file) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  int result = real(file);
  if (result == 0) keep(file);
  return result;
}

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
  char kept_from[4096], kept_to[4096];
  int result = real(from, to);
  if (result == 0 && kept(from, kept_from, sizeof kept_from) && kept(to, kept_to, sizeof kept_to))
    real(kept_from, kept_to);
  return result;
}

int unlink(const char *path) {
  int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
  char at[4096];
  int result = real(path);
  if (result == 0 && kept(path, at, sizeof at)) real(at);
  return result;
}
