// The connection behind a redirected socket: connecting, losing, waiting, sending again.
//
// A channel's file descriptor number never changes, because the program polls it. What the number stands
// for does: a connection to the bridge while there is one, else a timer that fires every RETRY_MS, so
// that the program's poll() wakes and its recv() tries to connect. A dead connection left in place would
// be readable for ever, and the program would spin.
#define _GNU_SOURCE
#include "channel.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "pending.h"
#include "redirect-protocol.h"

#define CHANNELS_MAX 32
#define RETRY_MS 200
// How long a request waits for a bridge that is away, unless SLUICE_XFRM_WAIT_MS says otherwise. A
// supervisor has the bridge back in one or two seconds.
#define ANSWER_WAIT_MS 10000

enum state { UNBOUND, CONNECTED, WAITING };

struct channel {
  atomic_int fd; // -1: this slot is free
  pthread_mutex_t lock;
  bool nonblocking;
  enum state state;
  uint32_t groups;
  int64_t down_since_ms;
  struct pending *pending;
  // The message being read: a stream may deliver it in pieces. Never holds more than one, so that poll()
  // on the descriptor keeps telling the truth about what is left.
  unsigned char *incoming;
  size_t received;
};

struct real_calls real;

static struct channel channels[CHANNELS_MAX];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t setup_once = PTHREAD_ONCE_INIT;
static struct sockaddr_un bridge = {.sun_family = AF_UNIX};
static long answer_wait_ms = ANSWER_WAIT_MS;

static void setup(void) {
  *(void **)&real.socket = dlsym(RTLD_NEXT, "socket");
  *(void **)&real.bind = dlsym(RTLD_NEXT, "bind");
  *(void **)&real.close = dlsym(RTLD_NEXT, "close");
  *(void **)&real.setsockopt = dlsym(RTLD_NEXT, "setsockopt");
  *(void **)&real.send = dlsym(RTLD_NEXT, "send");
  *(void **)&real.sendto = dlsym(RTLD_NEXT, "sendto");
  *(void **)&real.recv = dlsym(RTLD_NEXT, "recv");
  *(void **)&real.recvfrom = dlsym(RTLD_NEXT, "recvfrom");
  for (int i = 0; i < CHANNELS_MAX; i++) {
    atomic_init(&channels[i].fd, -1);
    pthread_mutex_init(&channels[i].lock, NULL);
  }
  const char *path = getenv("SLUICE_XFRM_SOCKET");
  if (path != NULL && strlen(path) < sizeof bridge.sun_path) strcpy(bridge.sun_path, path);
  const char *wait = getenv("SLUICE_XFRM_WAIT_MS");
  if (wait != NULL && atol(wait) > 0) answer_wait_ms = atol(wait);
}

void channel_setup(void) { pthread_once(&setup_once, setup); }

bool channel_enabled(void) { return bridge.sun_path[0] != '\0'; }

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct channel *channel_find(int fd) {
  if (fd < 0) return NULL;
  for (int i = 0; i < CHANNELS_MAX; i++) {
    if (atomic_load_explicit(&channels[i].fd, memory_order_acquire) == fd) return &channels[i];
  }
  return NULL;
}

int channel_open(int type) {
  int fd = real.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (type & SOCK_NONBLOCK), 0);
  if (fd < 0) return -1;
  pthread_mutex_lock(&table_lock);
  for (int i = 0; i < CHANNELS_MAX; i++) {
    struct channel *channel = &channels[i];
    if (atomic_load(&channel->fd) != -1) continue;
    channel->nonblocking = (type & SOCK_NONBLOCK) != 0;
    channel->state = UNBOUND;
    channel->groups = 0;
    channel->received = 0;
    atomic_store_explicit(&channel->fd, fd, memory_order_release);
    pthread_mutex_unlock(&table_lock);
    return fd;
  }
  pthread_mutex_unlock(&table_lock);
  real.close(fd);
  errno = EMFILE;
  return -1;
}

static void forget_incoming(struct channel *channel) {
  if (channel->incoming != NULL) explicit_bzero(channel->incoming, channel->received);
  channel->received = 0;
}

/** Puts `fd` in the place of what the channel's descriptor stood for. */
static void replace(struct channel *channel, int fd) {
  while (dup3(fd, channel->fd, O_CLOEXEC) < 0 && (errno == EBUSY || errno == EINTR)) {
  }
  real.close(fd);
}

static void arm(int timer, long first_ns) {
  struct itimerspec when = {
      .it_value = {.tv_nsec = first_ns},
      .it_interval = {.tv_nsec = RETRY_MS * 1000000L},
  };
  timerfd_settime(timer, 0, &when, NULL);
}

static void wait_for_bridge(struct channel *channel, long first_ns) {
  forget_incoming(channel);
  if (channel->state != WAITING) channel->down_since_ms = now_ms();
  channel->state = WAITING;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) {
    // Out of descriptors: the dead connection stays in place and readable. Sleeping is all that is left
    // to keep the caller from spinning.
    poll(NULL, 0, RETRY_MS);
    return;
  }
  arm(timer, first_ns);
  replace(channel, timer);
}

static bool send_whole(int fd, const void *message, size_t length) {
  const unsigned char *at = message;
  while (length > 0) {
    ssize_t sent = real.send(fd, at, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    length -= (size_t)sent;
  }
  return true;
}

static bool send_bind(int fd, uint32_t groups) {
  struct {
    struct nlmsghdr header;
    struct redirect_bind bind;
  } message = {
      .header = {.nlmsg_len = sizeof message, .nlmsg_type = REDIRECT_MSG_BIND, .nlmsg_pid = (uint32_t)getpid()},
      .bind = {.groups = groups},
  };
  return send_whole(fd, &message, sizeof message);
}

/** Connects, binds and sends again what had no answer. False when the bridge is not there. */
static bool try_connect(struct channel *channel) {
  int fd = real.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  if (connect(fd, (const struct sockaddr *)&bridge, sizeof bridge) < 0) {
    real.close(fd);
    return false;
  }
  fcntl(fd, F_SETFL, 0);
  // A bridge that accepts and never reads must not hold the program's threads.
  struct timeval limit = {.tv_sec = answer_wait_ms / 1000, .tv_usec = answer_wait_ms % 1000 * 1000};
  real.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  bool sent = send_bind(fd, channel->groups);
  for (struct pending *request = channel->pending; sent && request != NULL; request = request->next) {
    sent = send_whole(fd, request->message, request->length);
  }
  if (!sent) {
    real.close(fd);
    return false;
  }
  replace(channel, fd);
  channel->state = CONNECTED;
  return true;
}

void channel_bind(struct channel *channel, uint32_t groups) {
  pthread_mutex_lock(&channel->lock);
  channel->groups = groups;
  if (!try_connect(channel)) wait_for_bridge(channel, RETRY_MS * 1000000L);
  pthread_mutex_unlock(&channel->lock);
}

ssize_t channel_send(struct channel *channel, const void *message, size_t length) {
  if (length < sizeof(struct nlmsghdr) || length > REDIRECT_MESSAGE_MAX) {
    errno = EINVAL;
    return -1;
  }
  pthread_mutex_lock(&channel->lock);
  ssize_t result = (ssize_t)length;
  if (!pending_add(&channel->pending, message, length, now_ms())) {
    errno = ENOBUFS;
    result = -1;
  } else if (channel->state == WAITING) {
    arm(channel->fd, 1); // so that the caller's wait for the answer begins with an attempt to connect
  } else if (!send_whole(channel->fd, message, length)) {
    wait_for_bridge(channel, 1);
  }
  pthread_mutex_unlock(&channel->lock);
  return result;
}

/** Reads on until `wanted` octets are there: 1 when they are, 0 when not yet, -1 when the connection is lost. */
static int fill(struct channel *channel, size_t wanted) {
  while (channel->received < wanted) {
    ssize_t got = real.recv(channel->fd, channel->incoming + channel->received, wanted - channel->received,
                            MSG_DONTWAIT);
    if (got > 0) {
      channel->received += (size_t)got;
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return 0;
    } else {
      return -1;
    }
  }
  return 1;
}

/** One message, or 0 when none is whole yet, or -1 when the connection is lost. */
static ssize_t read_message(struct channel *channel, void *buffer, size_t size, int flags) {
  if (channel->incoming == NULL) {
    channel->incoming = malloc(REDIRECT_MESSAGE_MAX);
    if (channel->incoming == NULL) return -1;
  }
  const struct nlmsghdr *header = (const void *)channel->incoming;
  int there = fill(channel, sizeof *header);
  if (there == 1) {
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > REDIRECT_MESSAGE_MAX) return -1;
    there = fill(channel, header->nlmsg_len);
  }
  if (there <= 0) return there;
  size_t length = header->nlmsg_len;
  size_t copied = length < size ? length : size;
  memcpy(buffer, channel->incoming, copied);
  pending_settle(&channel->pending, header);
  forget_incoming(channel);
  return (ssize_t)((flags & MSG_TRUNC) ? length : copied);
}

/** Answers the oldest request in the place of a bridge that has been away for too long. */
static ssize_t give_up(struct channel *channel, void *buffer, size_t size) {
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } answer;
  memset(&answer, 0, sizeof answer);
  memcpy(&answer.error.msg, channel->pending->message, sizeof answer.error.msg);
  answer.error.error = -ETIMEDOUT;
  answer.header.nlmsg_len = sizeof answer;
  answer.header.nlmsg_type = NLMSG_ERROR;
  answer.header.nlmsg_seq = answer.error.msg.nlmsg_seq;
  answer.header.nlmsg_pid = answer.error.msg.nlmsg_pid;
  pending_drop_first(&channel->pending);
  if (channel->pending != NULL) arm(channel->fd, 1);
  size_t copied = sizeof answer < size ? sizeof answer : size;
  memcpy(buffer, &answer, copied);
  return (ssize_t)copied;
}

/**
 * By how long the bridge has been away, so that a program that stops does not wait for each of its last
 * requests; or by the request's own age, should the bridge come and go without answering it.
 */
static bool waited_enough(const struct channel *channel) {
  if (channel->pending == NULL) return false;
  int64_t now = now_ms();
  return now - channel->down_since_ms >= answer_wait_ms || now - channel->pending->since_ms >= answer_wait_ms;
}

/** What there is to receive at once: a message, or 0 when there is nothing. */
static ssize_t receive_now(struct channel *channel, void *buffer, size_t size, int flags) {
  if (channel->state == WAITING) {
    uint64_t expirations; // reading makes the timer unreadable until it fires again; how often is no matter
    bool fired = read(channel->fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations;
    if (fired && !try_connect(channel)) {
      return waited_enough(channel) ? give_up(channel, buffer, size) : 0;
    }
  }
  if (channel->state != CONNECTED) return 0;
  ssize_t length = read_message(channel, buffer, size, flags);
  if (length >= 0) return length;
  wait_for_bridge(channel, RETRY_MS * 1000000L);
  return 0;
}

ssize_t channel_receive(struct channel *channel, void *buffer, size_t size, int flags) {
  bool wait = !(flags & MSG_DONTWAIT) && !channel->nonblocking;
  for (;;) {
    pthread_mutex_lock(&channel->lock);
    ssize_t length = receive_now(channel, buffer, size, flags);
    int fd = channel->fd;
    pthread_mutex_unlock(&channel->lock);
    if (length > 0) return length;
    if (!wait) {
      errno = EAGAIN;
      return -1;
    }
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (poll(&readable, 1, -1) < 0) return -1;
  }
}

int channel_close(struct channel *channel) {
  pthread_mutex_lock(&channel->lock);
  int fd = channel->fd;
  pending_drop_all(&channel->pending);
  forget_incoming(channel);
  atomic_store_explicit(&channel->fd, -1, memory_order_release);
  int result = real.close(fd);
  pthread_mutex_unlock(&channel->lock);
  return result;
}
