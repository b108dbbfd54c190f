#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "namespace.h"
#include "pool.h"

// Descriptors are the handles; those beyond cannot be TAPs.
#define MOST_FDS 32768

enum { TAP_COUNT_TOO_LONG, TAP_COUNT_REFUSED, TAP_COUNTERS };

struct tap {
  int32_t start; // where a packet that is read begins in its frame
  int32_t tail;  // what stays free behind it
  double counters[TAP_COUNTERS];
};

// Of a packet into a tunnel: room for ESP's padding, trailer and ICV.
#define ESP_TAIL 128

static struct tap *taps[MOST_FDS];

// What of a packet does not fit a frame, until it is put into a large one: an IP packet has at most 65,535 octets.
static __thread uint8_t beyond[65536];

static struct tap *tap_of(int32_t fd) {
  return fd >= 0 && fd < MOST_FDS ? __atomic_load_n(&taps[fd], __ATOMIC_ACQUIRE) : NULL;
}

void tap_forget(int fd) {
  if (fd >= 0 && fd < MOST_FDS) free(__atomic_exchange_n(&taps[fd], NULL, __ATOMIC_ACQ_REL));
}

// A descriptor attached to device `name`, which is made when there is none. -errno, and the call in *call.
static int attach(const char *name, short kind, const char **call) {
  *call = "open /dev/net/tun";
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct ifreq ifreq = {.ifr_flags = (short)(kind | IFF_NO_PI)};
  snprintf(ifreq.ifr_name, sizeof ifreq.ifr_name, "%s", name);
  *call = "ioctl TUNSETIFF";
  if (ioctl(fd, TUNSETIFF, &ifreq) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

struct device {
  const char *name;
  short kind;
};

static int attach_there(const void *what, const char **call) {
  const struct device *device = what;
  return attach(device->name, device->kind, call);
}

napi_value tap_open(napi_env env, napi_callback_info info) {
  napi_value options;
  char name[IFNAMSIZ], kind[8], namespace[256] = "";
  bool persist;
  if (!arguments(env, info, 1, &options) || !string_property(env, options, "name", name, sizeof name) ||
      !string_property(env, options, "kind", kind, sizeof kind) ||
      !boolean_property(env, options, "persist", &persist) || name[0] == '\0' ||
      (strcmp(kind, "tap") != 0 && strcmp(kind, "tun") != 0)) {
    return throw_errno(env, EINVAL, "tapOpen", "a TAP needs a name of 1 to %d characters, and kind 'tap' or 'tun'",
                       IFNAMSIZ - 1);
  }
  bool elsewhere = false;
  if (napi_has_named_property(env, options, "namespace", &elsewhere) == napi_ok && elsewhere &&
      !string_property(env, options, "namespace", namespace, sizeof namespace)) {
    return throw_errno(env, EINVAL, "tapOpen", "the path of a network namespace is at most 255 characters");
  }
  bool ethernet = strcmp(kind, "tap") == 0;
  const char *call;
  struct device device = {.name = name, .kind = ethernet ? IFF_TAP : IFF_TUN};
  int fd = in_namespace(namespace, attach_there, &device, &call);
  int error = fd < 0 ? -fd : 0;
  if (error == 0 && ioctl(fd, TUNSETPERSIST, persist ? 1UL : 0UL) != 0) {
    error = errno;
    call = "ioctl TUNSETPERSIST";
  }
  struct tap *tap = NULL;
  if (error == 0) {
    call = "tapOpen";
    tap = fd < MOST_FDS ? calloc(1, sizeof *tap) : NULL;
    if (tap == NULL) error = fd < MOST_FDS ? ENOMEM : EMFILE;
  }
  if (error != 0) {
    if (fd >= 0) close(fd);
    return throw_errno(env, error, call, "opening %s %s", kind, name);
  }
  tap->start = ethernet ? START_ETHERNET : START_IP;
  tap->tail = ethernet ? 0 : ESP_TAIL;
  tap_forget(fd); // closed by other means than closeFd
  __atomic_store_n(&taps[fd], tap, __ATOMIC_RELEASE);
  return integer(env, fd);
}

napi_value tap_remove(napi_env env, napi_callback_info info) {
  napi_value value;
  char name[IFNAMSIZ];
  if (!arguments(env, info, 1, &value) || !string_value(env, value, name, sizeof name)) {
    return throw_errno(env, EINVAL, "tapRemove", "a device name is 1 to %d characters", IFNAMSIZ - 1);
  }
  if (if_nametoindex(name) == 0) return throw_errno(env, errno, "if_nametoindex", "removing TAP %s", name);
  const char *call;
  int fd = attach(name, IFF_TAP, &call);
  if (fd == -EINVAL) fd = attach(name, IFF_TUN, &call); // it is of the other kind
  if (fd < 0) return throw_errno(env, -fd, call, "removing TAP %s", name);
  int error = ioctl(fd, TUNSETPERSIST, 0UL) == 0 ? 0 : errno;
  close(fd); // the last descriptor takes the device with it
  if (error != 0) return throw_errno(env, error, "ioctl TUNSETPERSIST", "removing TAP %s", name);
  return NULL;
}

napi_value tap_read(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct tap *tap = tap_of(batch.handle);
  if (tap == NULL) return integer(env, -EBADF);

  int32_t done = 0;
  int32_t most = FRAME_SIZE - tap->start - tap->tail;
  int32_t last = batch.count > 0 ? batch.items[batch.count - 1] : -1;
  bool spare = batch.count > 0 && pool_has_large(last);
  int32_t small = spare ? batch.count - 1 : batch.count;
  for (int32_t tries = 0; tries < small && done < small; tries++) {
    int32_t frame = batch.items[done];
    if (!pool_has(frame)) return integer(env, done > 0 ? done : -EINVAL);
    int32_t offset = (frame << FRAME_SHIFT) + tap->start;
    // The kernel cuts what does not fit without a word: what lies beyond shows it.
    const struct iovec parts[] = {{pool.base + offset, (size_t)most}, {beyond, sizeof beyond}};
    ssize_t length = readv(batch.handle, parts, 2);
    if (length < 0) {
      if (errno == EAGAIN || done > 0) break;
      return integer(env, -errno);
    }
    if (length > most && (!spare || length > LARGE_SIZE - tap->start - tap->tail)) {
      tap->counters[TAP_COUNT_TOO_LONG]++;
      continue;
    }
    if (length > most) {
      // The frames that are used come first, so these two change places; there is no second large one.
      int64_t start = pool_large_start(last) + tap->start;
      memcpy(pool.base + start, pool.base + offset, (size_t)most);
      memcpy(pool.base + start + most, beyond, (size_t)(length - most));
      batch.items[batch.count - 1] = frame;
      batch.items[done++] = last;
      pool.offsets[last] = (int32_t)start;
      pool.lengths[last] = (int32_t)length;
      break;
    }
    pool.offsets[frame] = offset;
    pool.lengths[frame] = (int32_t)length;
    done++;
  }
  return integer(env, done);
}

napi_value tap_write(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct tap *tap = tap_of(batch.handle);
  if (tap == NULL) return integer(env, -EBADF);

  int32_t done = 0;
  for (; done < batch.count; done++) {
    int32_t frame = batch.items[done];
    if (!pool_packet_sound(frame, 1)) return integer(env, done > 0 ? done : -EINVAL);
    if (write(batch.handle, pool.base + pool.offsets[frame], (size_t)pool.lengths[frame]) >= 0) continue;
    if (errno == EAGAIN) break;
    // EIO: the device is down. EINVAL: the kernel cannot make sense of the packet. Neither gets better.
    if (errno != EIO && errno != EINVAL) return integer(env, done > 0 ? done : -errno);
    tap->counters[TAP_COUNT_REFUSED]++;
  }
  return integer(env, done);
}

napi_value tap_statistics(napi_env env, napi_callback_info info) {
  int32_t fd;
  double *out;
  if (!statistics_arguments(env, info, &fd, &out, TAP_COUNTERS)) return integer(env, -EINVAL);
  const struct tap *tap = tap_of(fd);
  if (tap == NULL) return integer(env, -EBADF);
  memcpy(out, tap->counters, sizeof tap->counters);
  return integer(env, 0);
}
