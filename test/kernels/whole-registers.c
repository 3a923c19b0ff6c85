// Preloaded into User-Mode Linux: lets its ptrace(2) write back the registers that it has read. It keeps 2.7 kB of them,
// and a processor with more (AMX) has a kernel that takes all or none; what it does not know stays as it stands.
#define _GNU_SOURCE
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define GETREGSET 0x4204
#define SETREGSET 0x4205
#define X86_XSTATE 0x202

static char whole[65536] __attribute__((aligned(64)));

static int same(const char *a, const char *b, unsigned long size) { return memcmp(a, b, size) == 0; }

long ptrace(int request, ...) {
  va_list rest;
  va_start(rest, request);
  long pid = va_arg(rest, long), where = va_arg(rest, long);
  void *data = va_arg(rest, void *);
  va_end(rest);
  struct iovec *given = data;
  struct iovec all = {whole, sizeof whole};
  if (request == SETREGSET && where == X86_XSTATE && syscall(SYS_ptrace, GETREGSET, pid, where, &all) == 0 &&
      all.iov_len > given->iov_len) {
    if (same(whole, given->iov_base, given->iov_len)) return 0;
    memcpy(whole, given->iov_base, given->iov_len);
    return syscall(SYS_ptrace, SETREGSET, pid, where, &all);
  }
  // PTRACE_PEEKTEXT, PEEKDATA and PEEKUSER give their word by pointer here, and as the result to who calls.
  if (request >= 1 && request <= 3) {
    long word;
    long status = syscall(SYS_ptrace, request, pid, where, &word);
    return status < 0 ? status : word;
  }
  return syscall(SYS_ptrace, request, pid, where, data);
}
