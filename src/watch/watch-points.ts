// Where the files of a topology can change: every directory on the way to them whose entry of a certain name matters. A
// ConfigMap's file is a link through `..data`, which is itself a link that is renamed over.
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';

/** What matters in a directory: these names, and with `yaml` every topology file. */
export interface WatchPoint {
  readonly names: Set<string>;
  yaml: boolean;
}

/** As the kernel: a chain of more links than this leads nowhere. */
const MAX_LINKS = 40;

/** The directories to watch for the paths given, by name. */
export function findWatchPoints(paths: readonly string[]): Map<string, WatchPoint> {
  const points = new Map<string, WatchPoint>();
  for (const path of paths) addPath(resolve(path), points);
  return points;
}

/** Whether an entry is a topology file as a directory is searched for them. */
export function isTopologyFile(name: string): boolean {
  return !name.startsWith('.') && /\.ya?ml$/.test(name);
}

function addPath(path: string, points: Map<string, WatchPoint>): void {
  let rest = path.split(sep).filter((part) => part !== '');
  let at = parse(path).root;
  for (let links = 0; rest.length > 0; ) {
    const [name, ...after] = rest as [string, ...string[]];
    const target = linkTarget(join(at, name));
    if (target === undefined) {
      pointAt(points, at).names.add(name); // what is not there yet may come
      return;
    }
    // A directory tells itself when it is moved or deleted; what it stands in may be busy, and is not watched.
    if (target !== null || (after.length === 0 && !isDirectory(join(at, name))))
      pointAt(points, at).names.add(name);
    if (target === null) {
      at = join(at, name);
      rest = after;
      continue;
    }
    if (++links > MAX_LINKS) return;
    const whole = resolve(at, target, ...after);
    at = parse(whole).root;
    rest = whole.split(sep).filter((part) => part !== '');
  }
  if (isDirectory(at)) {
    // A ConfigMap mounted as a directory changes by its `..data` alone.
    pointAt(points, at).yaml = true;
    pointAt(points, at).names.add('..data');
  }
}

function pointAt(points: Map<string, WatchPoint>, directory: string): WatchPoint {
  const known = points.get(directory) ?? { names: new Set<string>(), yaml: false };
  points.set(directory, known);
  return known;
}

/** What a link leads to; null for what is no link, undefined for what is not there. */
function linkTarget(path: string): string | null | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
