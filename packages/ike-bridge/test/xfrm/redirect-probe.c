// Uses XFRM netlink as charon does: for each line of its input it sends a GETSADINFO, waits for its answer by select
// and recv, and prints "answer TYPE ERRNO SEQ WAKEUPS".
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
  struct sockaddr_nl any = {.nl_family = AF_NETLINK, .nl_groups = 2};
  if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0) {
    perror("bind");
    return 1;
  }
  struct {
    struct nlmsghdr header;
    unsigned flags;
  } request = {.header = {.nlmsg_len = sizeof request,
                          .nlmsg_type = XFRM_MSG_GETSADINFO,
                          .nlmsg_flags = NLM_F_REQUEST,
                          .nlmsg_seq = 4242}};
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) { // one request for each line that comes in
    if (sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&any, sizeof any) != sizeof request) return 2;
    for (int wakeups = 1;; wakeups++) {
      fd_set set;
      FD_ZERO(&set);
      FD_SET(fd, &set);
      if (select(fd + 1, &set, NULL, NULL, NULL) <= 0) return 3;
      char buffer[4096];
      ssize_t length = recv(fd, buffer, sizeof buffer, MSG_TRUNC | MSG_DONTWAIT);
      if (length < 0 && errno == EAGAIN) continue;
      if (length < (ssize_t)sizeof(struct nlmsghdr)) return 4;
      struct nlmsghdr *header = (struct nlmsghdr *)buffer;
      int error = header->nlmsg_type == NLMSG_ERROR ? *(int *)NLMSG_DATA(header) : 0;
      printf("answer %u %d %u %d\n", header->nlmsg_type, -error, header->nlmsg_seq, wakeups);
      fflush(stdout);
      break;
    }
  }
  return close(fd);
}
