// AF_PACKET gives a copy and leaves the packet to the Linux stack, which would answer it a second time. A BPF
// program at TCX ingress runs after the packet sockets have had their copy and before the stack: it drops all.
//
// It is attached by a link, which lives as long as its descriptor: a process that dies takes it with it.
#include "host-guard.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"

// enum bpf_attach_type of linux/bpf.h since 6.6.
#define ATTACH_TCX_INGRESS 46
// enum tcx_action_base of linux/bpf.h since 6.6.
#define TCX_ACTION_DROP 2

napi_value host_guard_attach(napi_env env, napi_callback_info info) {
  napi_value value;
  char device[IFNAMSIZ];
  if (!arguments(env, info, 1, &value) || !string_value(env, value, device, sizeof device)) {
    return throw_errno(env, EINVAL, "hostGuardAttach", "a device name is 1 to %d characters", IFNAMSIZ - 1);
  }
  unsigned index = if_nametoindex(device);
  if (index == 0) return throw_errno(env, errno, "if_nametoindex", "looking up device %s", device);

  const struct bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TCX_ACTION_DROP},
      {.code = BPF_JMP | BPF_EXIT},
  };
  int program_fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "sluice_guard", "Apache-2.0", program,
                                 sizeof program / sizeof *program, NULL);
  if (program_fd < 0) {
    return throw_errno(env, errno, "bpf BPF_PROG_LOAD", "loading the program that keeps %s from Linux", device);
  }
  int link = bpf_link_create(program_fd, (int)index, (enum bpf_attach_type)ATTACH_TCX_INGRESS, NULL);
  int error = errno;
  close(program_fd); // the link holds it
  if (link < 0) {
    return throw_errno(env, error, "bpf BPF_LINK_CREATE",
                       "attaching a drop program at TCX ingress of %s (needs Linux 6.6)", device);
  }
  return integer(env, link);
}

napi_value host_guard_close(napi_env env, napi_callback_info info) {
  int32_t link = integer_argument(env, info, -1);
  if (close(link) != 0 && errno != EINTR) return throw_errno(env, errno, "close", "closing host guard %d", link);
  return NULL;
}
