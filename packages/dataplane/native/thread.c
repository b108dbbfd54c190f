#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"

napi_value pin_thread(napi_env env, napi_callback_info info) {
  int32_t cpu = integer_argument(env, info, -1);
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    return throw_errno(env, errno, "sched_setaffinity", "pinning this thread to CPU %d", cpu);
  }
  return NULL;
}

napi_value thread_id(napi_env env, napi_callback_info info) {
  (void)info;
  return integer(env, (int32_t)gettid());
}

napi_value allowed_cpus(napi_env env, napi_callback_info info) {
  (void)info;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    return throw_errno(env, errno, "sched_getaffinity", "reading the CPUs that this thread may run on");
  }
  napi_value list;
  if (napi_create_array(env, &list) != napi_ok) return NULL;
  uint32_t length = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) napi_set_element(env, list, length++, integer(env, cpu));
  }
  return list;
}

napi_value advise_huge_pages(napi_env env, napi_callback_info info) {
  napi_value value;
  uint8_t *bytes;
  size_t length;
  if (!arguments(env, info, 1, &value) || !bytes_value(env, value, &bytes, &length)) {
    return throw_errno(env, EINVAL, "adviseHugePages", "huge pages need a Uint8Array over the memory");
  }
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)bytes + page - 1) & ~(page - 1);
  uintptr_t end = ((uintptr_t)bytes + length) & ~(page - 1);
  if (end > first && madvise((void *)first, end - first, MADV_HUGEPAGE) != 0) {
    return throw_errno(env, errno, "madvise", "asking for huge pages under %zu bytes", length);
  }
  return NULL;
}
