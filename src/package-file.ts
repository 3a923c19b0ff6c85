// Where the package's own files lie, wherever its program is run from: as modules, or bundled.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of a file, given from the package's root; nothing is said of whether it exists. */
export function packageFile(path: string): string {
  return join(root, path);
}

const root = findRoot(fileURLToPath(import.meta.url));

function findRoot(start: string): string {
  let directory = dirname(start);
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}
