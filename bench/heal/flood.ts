// A flood: another writer adds and removes very many routes of its own in the host's namespace, as fast as it can, while
// owned items are broken. Nothing may be missed, and memory stays bounded.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { breakers } from './breaks.ts';
import { settledDifferences } from './differences.ts';
import { type FabricSize, HOST, writeFabric } from './fabric.ts';
import { Rival } from './rival.ts';
import { Watched } from './watched.ts';

export interface FloodResult {
  readonly routes: number;
  readonly seconds: number;
  readonly broken: number;
  /** Differences that a fresh `diff` finds after the flood, once the watch had a moment. */
  readonly missed: number;
  readonly overflows: number;
  readonly rss: { readonly before: number; readonly peak: number; readonly after: number };
  readonly exitStatus: number | null;
}

/** Adds and removes `routes` foreign routes by `ip -batch`, breaking an item every few milliseconds. */
export async function flood(
  cli: string,
  directory: string,
  size: FabricSize,
  routes: number,
): Promise<FloodResult> {
  const fabric = writeFabric(directory, size);
  const watched = new Watched(cli, [fabric.file]);
  const rival = new Rival(fabric.network, 2);
  try {
    await watched.started();
    const before = watched.rss();
    let peak = before;
    const began = performance.now();
    const flooding = floodRoutes(routes);
    let isOver = false;
    flooding.then(() => {
      isOver = true;
    });
    let broken = 0;
    while (!isOver) {
      for (const kind of ['route', 'address', 'neighbour', 'proxy_arp (/proc)', 'mtu']) {
        breakers[kind]!(rival);
        broken++;
      }
      peak = Math.max(peak, watched.rss());
      await sleep(20);
    }
    await flooding;
    const seconds = (performance.now() - began) / 1000;
    const missed = await settledDifferences(cli, fabric.file);
    const overflows = watched.lines.filter(({ event }) => event === 'overflow').length;
    const after = watched.rss();
    const exitStatus = await watched.stop();
    return { routes, seconds, broken, missed, overflows, rss: { before, peak, after }, exitStatus };
  } finally {
    rival.close();
    watched.signal('SIGKILL');
  }
}

/** Adds routes of proto 99 to the host and deletes them, in one `ip -batch`. */
function floodRoutes(count: number): Promise<void> {
  const ip = spawn('ip', ['-n', HOST, '-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  for (const verb of ['add', 'delete']) {
    const lines: string[] = [];
    for (let i = 0; i < count; i++)
      lines.push(`route ${verb} 100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32 dev nb0 proto 99\n`);
    ip.stdin.write(lines.join(''));
  }
  ip.stdin.end();
  return new Promise((resolve) => {
    ip.once('close', () => resolve());
  });
}
