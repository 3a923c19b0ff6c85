// Raw rtnetlink as cheap as it gets: requests are written into one buffer, sent a batch at a time, and only the last
// request of a batch asks for an answer. Refusals are answered in any case.
#ifndef NETLINK_H
#define NETLINK_H
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The protocol that marks the floor's own routes: not the tool's, nor a daemon's. */
#define FLOOR_PROTOCOL 200
#define CREATE (NLM_F_CREATE | NLM_F_EXCL)

/** Requests that are being written; `end` is where the next byte goes. */
struct batch {
  char *buffer;
  char *end;
  uint32_t sequence;
  struct nlmsghdr *last;
};

struct route {
  uint32_t dst; // host byte order
  int length;
  int oif;
  uint32_t via; // 0: none
  int protocol;
  int scope;
};

double now(void); // ms, CLOCK_MONOTONIC
_Noreturn void die(const char *what);

int open_socket(unsigned groups);
void clear(struct batch *batch);
struct nlmsghdr *begin(struct batch *batch, int type, int flags, const void *fixed, size_t length);
void attribute(struct batch *batch, int type, const void *data, size_t length);
struct rtattr *open_nest(struct batch *batch, int type);
void close_nest(struct batch *batch, struct rtattr *nest);
void finish(struct batch *batch);
void put_route(struct batch *batch, int type, int flags, struct route route);
/** Sends what a batch holds, waits for its end, and empties it; how many requests were refused. */
int commit(int fd, struct batch *batch);
/** Sends a batch of one dump and hands every object to `each`. */
void dump(int fd, struct batch *batch, void (*each)(const struct nlmsghdr *header, void *context), void *context);
/** The destination of route number `index`: 10.0.0.1 and on. */
uint32_t dst_of(long index);
/** The destination of a route message of the main table, in host byte order; 0 for others. */
uint32_t route_dst(const struct nlmsghdr *header);
int ifindex_of(const char *name);

int load_routes(int argc, char **argv);
int check_routes(int argc, char **argv);
int edit_route(int argc, char **argv);
int create_pods(int argc, char **argv);
int check_pods(int argc, char **argv);
int destroy_pods(int argc, char **argv);
int watch_edit(int argc, char **argv);
int heal(int argc, char **argv);
int keep_healed(int argc, char **argv);
int make_device(int argc, char **argv);
int remove_device(int argc, char **argv);
int run_program(int argc, char **argv);
#endif
