// What a real machine's daemon was given: remembered in the topology's run directory, so that it can be taken back by a run
// that knows no more than the topology's name, or a file that no longer speaks BGP. It says where, never what.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface Given {
  readonly config: string;
  readonly socket: string;
}

/** Null: nothing was given, or nobody remembers. */
export function readGiven(directory: string): Given | null {
  try {
    const { config, socket } = JSON.parse(readFileSync(pathIn(directory), 'utf8')) as Partial<Given>;
    return typeof config === 'string' && typeof socket === 'string' ? { config, socket } : null;
  } catch {
    return null;
  }
}

/** Writes nothing where it is remembered already. */
export function rememberGiven(directory: string, { config, socket }: Given): void {
  const known = readGiven(directory);
  if (known?.config === config && known.socket === socket) return;
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const aside = `${pathIn(directory)}.${process.pid}`;
  rmSync(aside, { force: true });
  writeFileSync(aside, `${JSON.stringify({ config, socket })}\n`, { flag: 'wx', mode: 0o644 });
  renameSync(aside, pathIn(directory));
}

export function forgetGiven(directory: string): void {
  rmSync(pathIn(directory), { force: true });
}

function pathIn(directory: string): string {
  return `${directory}/bgp-given`;
}
