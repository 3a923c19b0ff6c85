// The floor of the benchmark: the least costly way found to do each work, over raw netlink, without a file to read or a
// report to write. `floor VERB ARGUMENTS…`; the verbs are described where they are defined.
#include "netlink.h"
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int arguments;
  int (*run)(int argc, char **argv);
} verbs[] = {
    {"load", 2, load_routes},       {"check", 2, check_routes},         {"edit", 4, edit_route},
    {"create-pods", 1, create_pods}, {"check-pods", 1, check_pods},     {"destroy-pods", 1, destroy_pods},
    {"watch-edit", 3, watch_edit},   {"heal", 2, heal},                 {"keep-healed", 2, keep_healed},
    {"make-device", 1, make_device}, {"remove-device", 1, remove_device}, {"run", 2, run_program},
};

int main(int argc, char **argv) {
  for (size_t index = 0; argc > 1 && index < sizeof verbs / sizeof *verbs; index++) {
    if (strcmp(argv[1], verbs[index].name) == 0 && argc - 2 >= verbs[index].arguments)
      return verbs[index].run(argc - 2, argv + 2);
  }
  fprintf(stderr, "floor: no such verb, or too few arguments\n");
  return 2;
}
