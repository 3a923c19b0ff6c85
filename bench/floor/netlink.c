// The grammar of requests, and the two ways of sending them: a batch of changes, and a dump.
#include "netlink.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char received[1 << 20];

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

void die(const char *what) {
  perror(what);
  exit(2);
}

int open_socket(unsigned groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) die("socket");
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) die("bind");
  int size = groups ? 256 << 20 : 4 << 20, one = 1;
  // The forced sizes need a privilege that a user namespace has not: then the plain ones are tried.
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  return fd;
}

void clear(struct batch *batch) {
  batch->end = batch->buffer;
  batch->last = NULL;
}

struct nlmsghdr *begin(struct batch *batch, int type, int flags, const void *fixed, size_t length) {
  struct nlmsghdr *header = (struct nlmsghdr *)batch->end;
  *header = (struct nlmsghdr){
      .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++batch->sequence};
  memset(NLMSG_DATA(header), 0, NLMSG_ALIGN(length));
  memcpy(NLMSG_DATA(header), fixed, length);
  batch->end = (char *)NLMSG_DATA(header) + NLMSG_ALIGN(length);
  batch->last = header;
  return header;
}

void attribute(struct batch *batch, int type, const void *data, size_t length) {
  struct rtattr *attribute = (struct rtattr *)batch->end;
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(length);
  memcpy(RTA_DATA(attribute), data, length);
  batch->end += RTA_ALIGN(attribute->rta_len);
}

struct rtattr *open_nest(struct batch *batch, int type) {
  struct rtattr *nest = (struct rtattr *)batch->end;
  attribute(batch, type, NULL, 0);
  return nest;
}

void close_nest(struct batch *batch, struct rtattr *nest) { nest->rta_len = batch->end - (char *)nest; }

void finish(struct batch *batch) { batch->last->nlmsg_len = batch->end - (char *)batch->last; }

void put_route(struct batch *batch, int type, int flags, struct route route) {
  struct rtmsg fixed = {.rtm_family = AF_INET,
                        .rtm_dst_len = route.length,
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_protocol = route.protocol,
                        .rtm_scope = route.scope,
                        .rtm_type = RTN_UNICAST};
  begin(batch, type, flags, &fixed, sizeof fixed);
  uint32_t dst = htonl(route.dst), via = htonl(route.via);
  if (route.length) attribute(batch, RTA_DST, &dst, sizeof dst);
  if (route.oif) attribute(batch, RTA_OIF, &route.oif, sizeof route.oif);
  if (route.via) attribute(batch, RTA_GATEWAY, &via, sizeof via);
  finish(batch);
}

int commit(int fd, struct batch *batch) {
  if (batch->last == NULL) return 0;
  batch->last->nlmsg_flags |= NLM_F_ACK;
  size_t length = batch->end - batch->buffer;
  uint32_t last = batch->last->nlmsg_seq;
  if (send(fd, batch->buffer, length, 0) != (ssize_t)length) die("send");
  clear(batch);
  for (int refused = 0;;) {
    int count = recv(fd, received, sizeof received, 0);
    if (count <= 0) die("recv");
    for (struct nlmsghdr *header = (void *)received; NLMSG_OK(header, count); header = NLMSG_NEXT(header, count)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      int error = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
      if (error && !refused++) fprintf(stderr, "floor: %s\n", strerror(-error));
      if (header->nlmsg_seq == last) return refused;
    }
  }
}

void dump(int fd, struct batch *batch, void (*each)(const struct nlmsghdr *, void *), void *context) {
  size_t length = batch->end - batch->buffer;
  if (send(fd, batch->buffer, length, 0) != (ssize_t)length) die("send");
  clear(batch);
  for (;;) {
    int count = recv(fd, received, sizeof received, 0);
    if (count < 0) die("recv");
    for (struct nlmsghdr *header = (void *)received; NLMSG_OK(header, count); header = NLMSG_NEXT(header, count)) {
      if (header->nlmsg_flags & NLM_F_DUMP_INTR) die("interrupted dump");
      if (header->nlmsg_type == NLMSG_DONE) return;
      if (header->nlmsg_type == NLMSG_ERROR) {
        errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
        die("dump");
      }
      each(header, context);
    }
  }
}

uint32_t dst_of(long index) { return 0x0a000001u + index; }

uint32_t route_dst(const struct nlmsghdr *header) {
  const struct rtmsg *fixed = NLMSG_DATA(header);
  if (fixed->rtm_table != RT_TABLE_MAIN || fixed->rtm_dst_len != 32) return 0;
  int length = RTM_PAYLOAD(header);
  for (struct rtattr *at = RTM_RTA(fixed); RTA_OK(at, length); at = RTA_NEXT(at, length))
    if (at->rta_type == RTA_DST) return ntohl(*(uint32_t *)RTA_DATA(at));
  return 0;
}

int ifindex_of(const char *name) {
  int index = if_nametoindex(name);
  if (!index) die(name);
  return index;
}
