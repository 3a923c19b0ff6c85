// What the benchmark needs beside the works: a device for routes, and a stopwatch for programs.
#include "netlink.h"
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/** make-device NAME: a veth pair, both ends up: a device that every kernel has and that routes can leave by. */
int make_device(int argc, char **argv) {
  (void)argc;
  char buffer[1024], other[IFNAMSIZ];
  snprintf(other, sizeof other, "%.13s-p", argv[0]);
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  struct ifinfomsg fixed = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer = {0};
  begin(&batch, RTM_NEWLINK, CREATE, &fixed, sizeof fixed);
  attribute(&batch, IFLA_IFNAME, argv[0], strlen(argv[0]) + 1);
  struct rtattr *info = open_nest(&batch, IFLA_LINKINFO);
  attribute(&batch, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = open_nest(&batch, IFLA_INFO_DATA), *end = open_nest(&batch, VETH_INFO_PEER);
  memcpy(batch.end, &peer, sizeof peer);
  batch.end += sizeof peer;
  attribute(&batch, IFLA_IFNAME, other, strlen(other) + 1);
  close_nest(&batch, end);
  close_nest(&batch, data);
  close_nest(&batch, info);
  finish(&batch);
  begin(&batch, RTM_NEWLINK, 0, &fixed, sizeof fixed);
  attribute(&batch, IFLA_IFNAME, other, strlen(other) + 1);
  finish(&batch);
  return commit(open_socket(0), &batch) > 0;
}

/** remove-device NAME: and with it every route that leaves by it. */
int remove_device(int argc, char **argv) {
  (void)argc;
  char buffer[256];
  struct batch batch = {.buffer = buffer};
  clear(&batch);
  struct ifinfomsg fixed = {.ifi_index = ifindex_of(argv[0])};
  begin(&batch, RTM_DELLINK, 0, &fixed, sizeof fixed);
  finish(&batch);
  return commit(open_socket(0), &batch) > 0;
}

static double milliseconds(struct timeval time) { return time.tv_sec * 1e3 + time.tv_usec / 1e3; }

/** run OUTPUT PROGRAM ARGUMENTS…: runs a program with its output in a file; prints what it took as one line of JSON. */
int run_program(int argc, char **argv) {
  (void)argc;
  double start = now();
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    int output = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (output < 0) die(argv[0]);
    dup2(output, 1);
    dup2(output, 2);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) die("wait4");
  printf("{\"ms\":%.3f,\"userMs\":%.1f,\"systemMs\":%.1f,\"rssKb\":%ld,\"status\":%d}\n", now() - start,
         milliseconds(usage.ru_utime), milliseconds(usage.ru_stime), usage.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
