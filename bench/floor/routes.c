// Routes: load N of them, compare what is there with what shall be, and mend one difference.
#include "netlink.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 1000
#define ROUTE_BYTES 64

static struct route own_route(uint32_t dst, int oif) {
  return (struct route){.dst = dst, .length = 32, .oif = oif, .protocol = FLOOR_PROTOCOL, .scope = RT_SCOPE_LINK};
}

/** load N DEV [PROTOCOL [FIRST]]: equivalent to N times `ip route add DST dev DEV scope link`. */
int load_routes(int argc, char **argv) {
  long count = atol(argv[0]), first = argc > 3 ? atol(argv[3]) : 0;
  int oif = ifindex_of(argv[1]), protocol = argc > 2 ? atoi(argv[2]) : FLOOR_PROTOCOL;
  struct batch batch = {.buffer = malloc(BATCH * ROUTE_BYTES)};
  clear(&batch);
  int fd = open_socket(0), refused = 0;
  for (long index = 0; index < count; index++) {
    struct route route = own_route(dst_of(first + index), oif);
    route.protocol = protocol;
    put_route(&batch, RTM_NEWROUTE, CREATE, route);
    if ((index + 1) % BATCH == 0) refused += commit(fd, &batch);
  }
  return refused + commit(fd, &batch) > 0;
}

/** What a dump is compared with: the destinations wanted, one bit each, and what was found. */
struct comparison {
  long count;
  int oif;
  unsigned char *seen;
  long right;
  long extra;
  uint32_t last_extra;
};

static void compare(const struct nlmsghdr *header, void *context) {
  struct comparison *of = context;
  const struct rtmsg *fixed = NLMSG_DATA(header);
  uint32_t dst = 0;
  int oif = 0, length = RTM_PAYLOAD(header);
  for (struct rtattr *at = RTM_RTA(fixed); RTA_OK(at, length); at = RTA_NEXT(at, length)) {
    if (at->rta_type == RTA_DST) dst = ntohl(*(uint32_t *)RTA_DATA(at));
    if (at->rta_type == RTA_OIF) oif = *(int *)RTA_DATA(at);
  }
  uint32_t index = dst - dst_of(0);
  bool wanted = index < (uint32_t)of->count && (of->seen[index >> 3] & (1 << (index & 7))) == 0;
  if (wanted && oif == of->oif && fixed->rtm_dst_len == 32 && fixed->rtm_scope == RT_SCOPE_LINK) {
    of->seen[index >> 3] |= 1 << (index & 7);
    of->right++;
  } else {
    of->extra++;
    of->last_extra = dst;
  }
}

/** Dumps the routes of one protocol in the main table, filtered by the kernel, and compares them. */
static void read_routes(int fd, struct batch *batch, int protocol, struct comparison *comparison) {
  struct rtmsg fixed = {.rtm_family = AF_INET, .rtm_protocol = protocol};
  uint32_t table = RT_TABLE_MAIN;
  begin(batch, RTM_GETROUTE, NLM_F_DUMP, &fixed, sizeof fixed);
  attribute(batch, RTA_TABLE, &table, sizeof table);
  finish(batch);
  dump(fd, batch, compare, comparison);
}

/** check N DEV [PROTOCOL]: status 0 where exactly the N routes are there. */
int check_routes(int argc, char **argv) {
  struct comparison comparison = {.count = atol(argv[0]), .oif = ifindex_of(argv[1])};
  comparison.seen = calloc(comparison.count / 8 + 1, 1);
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  read_routes(open_socket(0), &batch, argc > 2 ? atoi(argv[2]) : FLOOR_PROTOCOL, &comparison);
  if (comparison.right == comparison.count && comparison.extra == 0) return 0;
  fprintf(stderr, "floor: %ld of %ld routes, %ld others\n", comparison.right, comparison.count, comparison.extra);
  return 1;
}

/** edit N DEV ADD DELETE: of the N routes, DELETE is not wanted and ADD is: read, compare, and mend what differs. */
int edit_route(int argc, char **argv) {
  (void)argc;
  long count = atol(argv[0]), add = atol(argv[2]), delete = atol(argv[3]);
  struct comparison comparison = {.count = add + 1 > count ? add + 1 : count, .oif = ifindex_of(argv[1])};
  comparison.seen = calloc(comparison.count / 8 + 1, 1);
  comparison.seen[delete >> 3] |= 1 << (delete & 7); // taken: what stands there is extra
  for (long index = count; index < add; index++) comparison.seen[index >> 3] |= 1 << (index & 7);
  char buffer[4096];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  int fd = open_socket(0);
  read_routes(fd, &batch, FLOOR_PROTOCOL, &comparison);
  for (long index = 0; index < comparison.count; index++)
    if (!(comparison.seen[index >> 3] & (1 << (index & 7))))
      put_route(&batch, RTM_NEWROUTE, CREATE, own_route(dst_of(index), comparison.oif));
  if (comparison.extra == 1)
    put_route(&batch, RTM_DELROUTE, 0, own_route(comparison.last_extra, comparison.oif));
  if (batch.last == NULL || comparison.extra != 1) die("no difference found");
  return commit(fd, &batch) > 0;
}
