// Workloads: a namespace, a veth pair, its address and routes, proxy ARP and the route to it, as the tool makes them.
// Nothing is looked up: the indexes of both ends are chosen, so that one send outside and one inside make it whole.
#define _GNU_SOURCE
#include "netlink.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIRST_INDEX 10000
#define INNER_INDEX 2
#define GROUP 96
#define GATEWAY 0xa9fe0101u
#define POD_NET 0x0a600001u

static void path_of(int pod, char path[64]) { snprintf(path, 64, "/run/netns/floor-%d", pod); }

static void put_host_end(struct batch *batch, int pod, int netns) {
  static const unsigned char mac[6] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee};
  char name[IFNAMSIZ];
  snprintf(name, sizeof name, "cali%08x", pod);
  uint32_t group = GROUP, yes = 1;
  struct ifinfomsg host = {.ifi_index = FIRST_INDEX + pod, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  struct ifinfomsg inner = {.ifi_index = INNER_INDEX};
  begin(batch, RTM_NEWLINK, CREATE, &host, sizeof host);
  attribute(batch, IFLA_IFNAME, name, strlen(name) + 1);
  attribute(batch, IFLA_ADDRESS, mac, sizeof mac);
  attribute(batch, IFLA_GROUP, &group, sizeof group);
  struct rtattr *info = open_nest(batch, IFLA_LINKINFO);
  attribute(batch, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = open_nest(batch, IFLA_INFO_DATA), *peer = open_nest(batch, VETH_INFO_PEER);
  memcpy(batch->end, &inner, sizeof inner);
  batch->end += sizeof inner;
  attribute(batch, IFLA_IFNAME, "eth0", 5);
  attribute(batch, IFLA_NET_NS_FD, &netns, sizeof netns);
  close_nest(batch, peer);
  close_nest(batch, data);
  close_nest(batch, info);
  finish(batch);
  // The kernel refuses AF_SPEC in the message that makes a veth.
  begin(batch, RTM_SETLINK, 0, &host, sizeof host);
  struct rtattr *spec = open_nest(batch, IFLA_AF_SPEC), *inet = open_nest(batch, AF_INET);
  struct rtattr *conf = open_nest(batch, IFLA_INET_CONF);
  attribute(batch, IPV4_DEVCONF_PROXY_ARP, &yes, sizeof yes);
  close_nest(batch, conf);
  close_nest(batch, inet);
  close_nest(batch, spec);
  finish(batch);
  put_route(batch, RTM_NEWROUTE, CREATE,
            (struct route){.dst = POD_NET + pod, .length = 32, .oif = FIRST_INDEX + pod,
                           .protocol = FLOOR_PROTOCOL, .scope = RT_SCOPE_LINK});
}

static void put_inside(struct batch *batch, int pod) {
  for (int index = 1; index <= INNER_INDEX; index++) { // lo, then eth0
    struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(batch, RTM_NEWLINK, 0, &link, sizeof link);
    finish(batch);
  }
  uint32_t own = htonl(POD_NET + pod);
  struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = INNER_INDEX};
  begin(batch, RTM_NEWADDR, CREATE, &address, sizeof address);
  attribute(batch, IFA_LOCAL, &own, sizeof own);
  attribute(batch, IFA_ADDRESS, &own, sizeof own);
  finish(batch);
  struct route gateway = {.dst = GATEWAY, .length = 32, .oif = INNER_INDEX, .protocol = FLOOR_PROTOCOL, .scope = RT_SCOPE_LINK};
  put_route(batch, RTM_NEWROUTE, CREATE, gateway);
  struct route way = {.oif = INNER_INDEX, .via = GATEWAY, .protocol = FLOOR_PROTOCOL};
  put_route(batch, RTM_NEWROUTE, CREATE, way);
}

/** create-pods N. */
int create_pods(int argc, char **argv) {
  (void)argc;
  int count = atoi(argv[0]), refused = 0, home = open_socket(0);
  char buffer[4096];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  mkdir("/run/netns", 0755);
  for (int pod = 0; pod < count; pod++) {
    char path[64];
    path_of(pod, path);
    int file = open(path, O_RDONLY | O_CREAT | O_EXCL, 0);
    if (file < 0) die(path);
    close(file);
    if (unshare(CLONE_NEWNET)) die("unshare");
    if (mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL)) die("mount");
    int netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), inside = open_socket(0);
    put_host_end(&batch, pod, netns);
    refused += commit(home, &batch);
    put_inside(&batch, pod);
    refused += commit(inside, &batch);
    close(inside);
    close(netns);
  }
  return refused > 0;
}

/** What of the pods was found right, counted over all of them. */
struct found {
  bool outside;
  uint32_t own; // the address of the pod that is looked at
  int links;
  int proxies;
  int routes;
  int addresses;
};

static void see_link(const struct nlmsghdr *header, void *context) {
  const struct ifinfomsg *fixed = NLMSG_DATA(header);
  int length = IFLA_PAYLOAD(header), group = 0;
  for (struct rtattr *at = IFLA_RTA(fixed); RTA_OK(at, length); at = RTA_NEXT(at, length))
    if (at->rta_type == IFLA_GROUP) group = *(int *)RTA_DATA(at);
  bool ours = ((struct found *)context)->outside ? group == GROUP : fixed->ifi_index == INNER_INDEX;
  if (ours && (fixed->ifi_flags & IFF_UP)) ((struct found *)context)->links++;
}

static void see_netconf(const struct nlmsghdr *header, void *context) {
  const struct netconfmsg *fixed = NLMSG_DATA(header);
  int length = header->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(sizeof *fixed)), index = 0, proxy = 0;
  for (struct rtattr *at = (void *)((char *)fixed + NLMSG_ALIGN(sizeof *fixed)); RTA_OK(at, length);
       at = RTA_NEXT(at, length)) {
    if (at->rta_type == NETCONFA_IFINDEX) index = *(int *)RTA_DATA(at);
    if (at->rta_type == NETCONFA_PROXY_NEIGH) proxy = *(int *)RTA_DATA(at);
  }
  if (index > 0 && proxy) ((struct found *)context)->proxies++;
}

static void see_route(const struct nlmsghdr *header, void *context) {
  if (((struct rtmsg *)NLMSG_DATA(header))->rtm_protocol == FLOOR_PROTOCOL) ((struct found *)context)->routes++;
}

static void see_address(const struct nlmsghdr *header, void *context) {
  const struct ifaddrmsg *fixed = NLMSG_DATA(header);
  struct found *found = context;
  int length = IFA_PAYLOAD(header);
  uint32_t own = 0;
  for (struct rtattr *at = IFA_RTA(fixed); RTA_OK(at, length); at = RTA_NEXT(at, length))
    if (at->rta_type == IFA_LOCAL) own = ntohl(*(uint32_t *)RTA_DATA(at));
  if (fixed->ifa_index == INNER_INDEX && fixed->ifa_prefixlen == 32 && own == found->own) found->addresses++;
}

static void read_links(int fd, struct batch *batch, struct found *found) {
  struct ifinfomsg link = {0};
  uint32_t mask = RTEXT_FILTER_SKIP_STATS;
  begin(batch, RTM_GETLINK, NLM_F_DUMP, &link, sizeof link);
  attribute(batch, IFLA_EXT_MASK, &mask, sizeof mask);
  finish(batch);
  dump(fd, batch, see_link, found);
}

static void read_routes(int fd, struct batch *batch, struct found *found) {
  struct rtmsg route = {.rtm_family = AF_INET};
  uint32_t table = RT_TABLE_MAIN;
  begin(batch, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof route);
  attribute(batch, RTA_TABLE, &table, sizeof table);
  finish(batch);
  dump(fd, batch, see_route, found);
}

static void read_inside(struct batch *batch, int pod, struct found *found) {
  char path[64];
  path_of(pod, path);
  int netns = open(path, O_RDONLY | O_CLOEXEC);
  if (netns < 0 || setns(netns, CLONE_NEWNET)) return;
  close(netns);
  int fd = open_socket(0);
  found->own = POD_NET + pod;
  struct ifaddrmsg address = {.ifa_family = AF_INET};
  read_links(fd, batch, found);
  begin(batch, RTM_GETADDR, NLM_F_DUMP, &address, sizeof address);
  finish(batch);
  dump(fd, batch, see_address, found);
  read_routes(fd, batch, found);
  close(fd);
}

/** check-pods N: status 0 where all of it is there. */
int check_pods(int argc, char **argv) {
  (void)argc;
  int count = atoi(argv[0]), home = open_socket(0);
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  struct found outside = {.outside = true}, inside = {0};
  struct {
    struct netconfmsg fixed;
    char pad[3];
  } netconf = {.fixed.ncm_family = AF_INET};
  read_links(home, &batch, &outside);
  begin(&batch, RTM_GETNETCONF, NLM_F_DUMP, &netconf, sizeof netconf);
  finish(&batch);
  dump(home, &batch, see_netconf, &outside);
  read_routes(home, &batch, &outside);
  for (int pod = 0; pod < count; pod++) read_inside(&batch, pod, &inside);
  bool right = outside.links == count && outside.proxies == count && outside.routes == count &&
               inside.links == count && inside.addresses == count && inside.routes == 2 * count;
  if (!right)
    fprintf(stderr, "floor: outside %d links, %d proxies, %d routes; inside %d links, %d addresses, %d routes\n",
            outside.links, outside.proxies, outside.routes, inside.links, inside.addresses, inside.routes);
  return !right;
}

static int pods_left(void) {
  int left = 0;
  struct if_nameindex *names = if_nameindex();
  for (struct if_nameindex *at = names; at && at->if_index; at++) left += strncmp(at->if_name, "cali", 4) == 0;
  if_freenameindex(names);
  return left;
}

/** destroy-pods N: the links by their group in one request, the namespaces by their names; until the links are gone. */
int destroy_pods(int argc, char **argv) {
  (void)argc;
  int count = atoi(argv[0]);
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  struct ifinfomsg link = {0};
  uint32_t group = GROUP;
  begin(&batch, RTM_DELLINK, 0, &link, sizeof link);
  attribute(&batch, IFLA_GROUP, &group, sizeof group);
  finish(&batch);
  int refused = commit(open_socket(0), &batch);
  for (int pod = 0; pod < count; pod++) {
    char path[64];
    path_of(pod, path);
    umount2(path, MNT_DETACH);
    unlink(path);
  }
  struct timespec rest = {.tv_nsec = 1000 * 1000};
  while (pods_left()) nanosleep(&rest, NULL);
  return refused > 0;
}
