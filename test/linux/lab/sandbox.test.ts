// The sandbox, from outside: exit statuses, signals, and what a program finds inside. Runs the built program.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshMachine } from '../../sandbox/machine.ts';

const built = new URL('../../../dist/lab/sandbox.js', import.meta.url).href;
let directory = '';
let outer = '';

/** The path of an ES module that runs `inside` in a sandbox of its own. */
function program(inside: string): readonly string[] {
  const path = join(directory, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(path, inside);
  return [outer, path];
}

function run(inside: string, ...args: string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, [...program(inside), ...args], { encoding: 'utf8', timeout: 20_000 });
}

async function start(inside: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, program(inside), { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

beforeAll(() => {
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-sandbox-'));
  outer = join(directory, 'outer.mjs');
  writeFileSync(
    outer,
    `import { runInSandbox } from ${JSON.stringify(built)};
     process.exitCode = await runInSandbox(process.argv[2], process.argv.slice(3));`,
  );
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('sandbox', () => {
  it('has a network and a /run of its own', () => {
    const { status, stdout } = run(
      `import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
       console.log(JSON.stringify({ net: readlinkSync('/proc/self/ns/net'), run: readdirSync('/run'),
         links: readFileSync('/proc/net/dev', 'utf8').split('\\n').slice(2).map((line) => line.split(':')[0].trim()) }));`,
    );
    const found = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(found.net).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect(found.run).toEqual([]);
    expect(found.links).toContain('lo');
  });

  it('hands the arguments in and the exit status out', () => {
    const { status, stdout } = run(
      'console.log(process.argv.slice(2).join()); process.exitCode = 3;',
      'a',
      '--b',
    );
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'a,--b\n' });
  });

  it('ends with status 1 where the program inside throws', () => {
    expect(run("process.stderr.write = () => true; throw new Error('x');").status).toBe(1);
  });

  it('ends a program that handles no signal', async () => {
    const child = await start("console.log('up'); setInterval(() => {}, 1000);");
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(143);
  });

  it('lets a program handle the signal', async () => {
    const child = await start(
      "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000);",
    );
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(7);
  });

  it('leaves no process behind when it is killed', async () => {
    const child = await start(
      `import { spawn } from 'node:child_process';
       spawn('sleep', ['987']); setTimeout(() => console.log('up'), 100); setInterval(() => {}, 1000);`,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => commandLines().filter((line) => line.startsWith('sleep 987'))).toEqual([]);
  });
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      } catch {
        return ''; // it ended meanwhile
      }
    });
}
