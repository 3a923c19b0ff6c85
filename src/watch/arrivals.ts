// Arrivals: files that came under their names as they are, by renaming or linking, and were not written to there. The
// kernel tells of a name that came, and then of every write: one that is made under its name and filled is no arrival.
import { statSync } from 'node:fs';

export class Arrivals {
  readonly #paths = new Set<string>();

  /** Takes in what is told of a directory's entry: `rename` is that the name came or went, `change` that it was written. */
  note(event: string, path: string): void {
    if (event === 'rename') this.#paths.add(path);
    else this.#paths.delete(path);
  }

  /** Whether what stands under a path came there whole. What is empty may only just have been made. */
  has(path: string): boolean {
    return this.#paths.has(path) && isFilled(path);
  }
}

function isFilled(path: string): boolean {
  try {
    const status = statSync(path);
    return status.isFile() && status.size > 0;
  } catch {
    return false;
  }
}
