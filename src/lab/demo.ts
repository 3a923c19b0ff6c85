// `npm start`: the two-host network applied, used, broken, reported, healed and removed, in a sandbox, with the same
// commands a user types. Needs Node and `unshare` only. Ends with status 1 unless every packet and every heal is seen.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ReconcileError } from '../errors.ts';
import { namespaceNames } from '../kernel/netns.ts';
import { parseIp, parsePrefix } from '../state/ip.ts';
import { type PingResult, ping } from './probe.ts';
import { loseRoute, turnSysctl } from './sabotage.ts';
import { insideSandbox, runInSandbox } from './sandbox.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
const file = 'topologies/two-hosts.yaml';
const workloads = [
  { netns: 'ns0', address: '10.20.1.2' },
  { netns: 'ns1', address: '10.20.1.3' },
] as const;

/** What did not happen as it must; the demo goes on, and ends with status 1. */
const failures: string[] = [];
let step = 0;

function tour(): number {
  const started = performance.now();
  const linksBefore = linkNames();
  say('Two hosts, two workloads, one file');
  write(readFileSync(`${root}/${file}`, 'utf8'));

  say('Apply it: namespaces, veth pairs, addresses, routes, proxy ARP');
  run('apply', [file], 0);

  say('Packets, both ways, through two routers: TTL 64 - 2 = 62');
  pingBothWays(true);

  say('Apply it again: nothing to do');
  run('apply', [file], 0);

  say("Break it behind the tool's back");
  write("host0 loses its route to ns1, and proxy_arp of host1's veth0 is switched off\n");
  loseRoute('host0', parsePrefix('10.20.1.3/32')!);
  turnSysctl('host1', 'net.ipv4.conf.veth0.proxy_arp', '0');
  pingBothWays(false);

  say('What is wrong? The drift report (exit status 3: drift)');
  run('diff', [file], 3);

  say('Heal it: the two differences, and nothing else');
  run('apply', [file], 0);
  pingBothWays(true);
  run('diff', [file], 0);

  say('Remove it');
  run('destroy', [file], 0);
  const left = [...namespaceNames(), ...linkNames().filter((name) => !linksBefore.includes(name))];
  if (left.length === 0) write('nothing is left: no namespace, no link\n');
  else failures.push(`destroy left ${left.join(', ')}`);

  return conclude(performance.now() - started);
}

function say(title: string): void {
  step++;
  const heading = `${step}. ${title}`;
  write(`\n${coloursWanted() ? `\x1b[1m${heading}\x1b[22m` : heading}\n`);
}

/** Runs the tool as a user does, on this terminal. */
function run(verb: string, args: readonly string[], expected: number): void {
  write(`$ calico-reconcile ${[verb, ...args].join(' ')}\n`);
  const { status, signal } = spawnSync(process.execPath, [cli, verb, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== expected)
    failures.push(`${verb} ended with ${signal ?? `status ${status}`}, not ${expected}`);
}

function pingBothWays(expected: boolean): void {
  for (const [from, to] of [workloads, [workloads[1], workloads[0]]] as const) {
    const result = ping(from.netns, parseIp(to.address)!, {
      count: expected ? 3 : 1,
      timeout: expected ? 3000 : 250,
    });
    write(`${from.netns} > ${to.address}\n${formatPing(to.address, result)}`);
    const lost = result.sent - result.received;
    if (expected && lost > 0)
      failures.push(`${from.netns} > ${to.address}: ${lost} of ${result.sent} packets lost`);
    if (!expected && result.received > 0)
      failures.push(`${from.netns} > ${to.address}: answered although broken`);
  }
}

/** The lines of ping(8) for each answer, then the count. */
function formatPing(address: string, { sent, received, rtts, ttl }: PingResult): string {
  const answers = rtts.flatMap((rtt, index) =>
    rtt === null
      ? []
      : [`  64 bytes from ${address}: icmp_seq=${index + 1} ttl=${ttl} time=${rtt.toFixed(3)} ms\n`],
  );
  return `${answers.join('')}  ${sent} sent, ${received} received, ${Math.round((1 - received / sent) * 100)}% lost\n`;
}

function conclude(elapsed: number): number {
  const took = `${(elapsed / 1000).toFixed(1)} s`;
  if (failures.length === 0) {
    write(
      `\nBuilt, used, broken, healed and removed in ${took}. Next: README.md, or node dist/cli.js --help\n`,
    );
    return 0;
  }
  for (const failure of failures) process.stderr.write(`failed: ${failure}\n`);
  return 1;
}

function linkNames(): readonly string[] {
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]!.trim()).filter((name) => name !== '');
}

function coloursWanted(): boolean {
  return process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.CI === undefined;
}

function write(text: string): void {
  process.stdout.write(text);
}

try {
  process.exitCode = insideSandbox() ? tour() : await runInSandbox(fileURLToPath(import.meta.url), []);
} catch (error) {
  if (!(error instanceof ReconcileError)) throw error;
  process.stderr.write(`${error.inOneLine}\n`);
  process.exitCode = 1;
}
