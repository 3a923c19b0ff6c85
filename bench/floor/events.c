// Seen from outside: when the kernel has an edit, and how long a deleted route stays away.
#include "netlink.h"
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static char received[1 << 20];

/** Waits for a route message; its header's walk is `each`. False when the time (ms, CLOCK_MONOTONIC) has come. */
static bool receive_events(int fd, double until, bool (*each)(const struct nlmsghdr *, void *), void *context) {
  for (;;) {
    double left = until - now();
    if (left <= 0) return false;
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    if (poll(&entry, 1, (int)left + 1) <= 0) continue;
    int count = recv(fd, received, sizeof received, 0);
    if (count < 0 && errno == ENOBUFS) continue;
    if (count < 0) die("recv");
    for (struct nlmsghdr *header = (void *)received; NLMSG_OK(header, count); header = NLMSG_NEXT(header, count))
      if (each(header, context)) return true;
  }
}

struct edit {
  uint32_t add;
  uint32_t delete;
  double added;
  double deleted;
};

static bool see_edit(const struct nlmsghdr *header, void *context) {
  struct edit *edit = context;
  uint32_t dst = route_dst(header);
  if (header->nlmsg_type == RTM_NEWROUTE && dst == edit->add) edit->added = now();
  if (header->nlmsg_type == RTM_DELROUTE && dst == edit->delete) edit->deleted = now();
  return edit->added > 0 && edit->deleted > 0;
}

/** watch-edit ADD DELETE SECONDS: says `ready`, then the monotonic ms at which both changes were there. */
int watch_edit(int argc, char **argv) {
  (void)argc;
  struct edit edit = {.add = dst_of(atol(argv[0])), .delete = dst_of(atol(argv[1]))};
  int fd = open_socket(RTMGRP_IPV4_ROUTE);
  printf("ready\n");
  fflush(stdout);
  if (!receive_events(fd, now() + atof(argv[2]) * 1e3, see_edit, &edit)) return 1;
  printf("%.3f\n", edit.added > edit.deleted ? edit.added : edit.deleted);
  return 0;
}

struct healing {
  uint32_t dst;
  bool deleted;
};

static bool see_healing(const struct nlmsghdr *header, void *context) {
  struct healing *healing = context;
  if (route_dst(header) != healing->dst) return false;
  if (header->nlmsg_type == RTM_DELROUTE) healing->deleted = true;
  return header->nlmsg_type == RTM_NEWROUTE && healing->deleted;
}

/** heal N TIMES: deletes TIMES of the N routes, one after another, and prints for each the ms until it is back. */
int heal(int argc, char **argv) {
  (void)argc;
  long count = atol(argv[0]), times = atol(argv[1]);
  int events = open_socket(RTMGRP_IPV4_ROUTE), fd = open_socket(0);
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  for (long index = 0; index < times; index++) {
    struct healing healing = {.dst = dst_of((index * 7919 + 13) % count)};
    struct route route = {.dst = healing.dst, .length = 32, .scope = RT_SCOPE_NOWHERE};
    double start = now();
    put_route(&batch, RTM_DELROUTE, 0, route);
    if (commit(fd, &batch)) return 1;
    if (!receive_events(events, start + 10e3, see_healing, &healing)) return 1;
    printf("%.3f\n", now() - start);
    struct timespec rest = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&rest, NULL);
  }
  return 0;
}

struct keeper {
  long count;
  uint32_t lost;
};

static bool see_loss(const struct nlmsghdr *header, void *context) {
  struct keeper *keeper = context;
  if (header->nlmsg_type != RTM_DELROUTE) return false;
  keeper->lost = route_dst(header);
  return keeper->lost - dst_of(0) < (uint32_t)keeper->count;
}

/** keep-healed N DEV: says `ready`, then adds every one of the N routes that is deleted, for ever. */
int keep_healed(int argc, char **argv) {
  (void)argc;
  struct keeper keeper = {.count = atol(argv[0])};
  int events = open_socket(RTMGRP_IPV4_ROUTE), fd = open_socket(0), oif = ifindex_of(argv[1]);
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  printf("ready\n");
  fflush(stdout);
  while (receive_events(events, now() + 3600e3, see_loss, &keeper)) {
    struct route route = {.dst = keeper.lost, .length = 32, .oif = oif, .protocol = FLOOR_PROTOCOL, .scope = RT_SCOPE_LINK};
    put_route(&batch, RTM_NEWROUTE, CREATE, route);
    commit(fd, &batch);
  }
  return 0;
}
