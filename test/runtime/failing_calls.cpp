// A library for LD_PRELOAD: makes one call of the system fail. SINTER_FAIL_CALL names the function, SINTER_FAIL_AT says
// which of its calls (from 1), SINTER_FAIL_ERROR the errno; 0 makes a read or write do one byte only. The file
// SINTER_FAIL_MARK is made when that has happened.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<int> calls{0};

int failError() {
  const char *text = getenv("SINTER_FAIL_ERROR");
  return text ? atoi(text) : EIO;
}

bool mustFail(const char *name) {
  const char *call = getenv("SINTER_FAIL_CALL"), *at = getenv("SINTER_FAIL_AT"), *mark = getenv("SINTER_FAIL_MARK");
  if (!call || !at || !mark || strcmp(call, name) != 0 || ++calls != atoi(at))
    return false;
  syscall(SYS_close, int(syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY, 0666)));
  errno = failError();
  return true;
}

template <typename Function> Function *real(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

// The last argument of these is what a failed call returns.
#define FAILING(type, name, parameters, arguments, failed)                                                             \
  type name parameters {                                                                                               \
    static auto *const call = real<type parameters>(#name);                                                            \
    return mustFail(#name) ? failed : call arguments;                                                                  \
  }
#define FAILING_OPEN(name, also)                                                                                       \
  int name(const char *path, int flags, ...) {                                                                         \
    static auto *const call = real<int(const char *, int, ...)>(#name);                                                \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                                                    \
    va_end(rest);                                                                                                      \
    return mustFail(also) ? -1 : call(path, flags, mode);                                                              \
  }
#define FAILING_TRANSFER(name, pointer)                                                                                \
  ssize_t name(int file, pointer data, size_t size) {                                                                  \
    static auto *const call = real<ssize_t(int, pointer, size_t)>(#name);                                              \
    if (!mustFail(#name))                                                                                              \
      return call(file, data, size);                                                                                   \
    return failError() == 0 ? call(file, data, size > 1 ? 1 : size) : -1;                                              \
  }

extern "C" {

FAILING_OPEN(open, "open")
FAILING_OPEN(open64, "open")
FAILING_TRANSFER(read, void *)
FAILING_TRANSFER(write, const void *)
FAILING(ssize_t, pread, (int file, void *data, size_t size, off_t at), (file, data, size, at), -1)
FAILING(int, close, (int file), (file), (call(file), -1))
FAILING(int, fsync, (int file), (file), -1)
FAILING(int, fstat, (int file, struct stat *status), (file, status), -1)
FAILING(int, stat, (const char *path, struct stat *status), (path, status), -1)
FAILING(int, ftruncate, (int file, off_t size), (file, size), -1)
FAILING(off_t, lseek, (int file, off_t at, int from), (file, at, from), -1)
FAILING(int, flock, (int file, int how), (file, how), -1)
FAILING(int, fchmod, (int file, mode_t mode), (file, mode), -1)
FAILING(int, fchown, (int file, uid_t user, gid_t group), (file, user, group), -1)
FAILING(int, rename, (const char *from, const char *to), (from, to), -1)
FAILING(int, link, (const char *from, const char *to), (from, to), -1)
FAILING(int, unlink, (const char *path), (path), -1)
FAILING(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
FAILING(int, pipe2, (int *ends, int flags), (ends, flags), -1)
FAILING(int, poll, (pollfd * files, nfds_t count, int wait), (files, count, wait), -1)
FAILING(DIR *, opendir, (const char *path), (path), nullptr)
FAILING(void *, mmap, (void *at, size_t size, int access, int flags, int file, off_t from),
        (at, size, access, flags, file, from), MAP_FAILED)
FAILING(int, pthread_create, (pthread_t * thread, const pthread_attr_t *how, void *(*work)(void *), void *argument),
        (thread, how, work, argument), failError())

} // extern "C"
