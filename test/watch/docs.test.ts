// docs/watch.md and the systemd unit beside it: in step with what the watch serves, and fit for what it does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WatchMetrics } from '../../src/report/watch-metrics.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const page = read('docs/watch.md');
const unit = read('docs/calico-reconcile.service');
const directives = unit.split('\n').filter((line) => /^[A-Z]\w+=/.test(line));

test('every metric is told of, and none that is not served', () => {
  const served = [...new WatchMetrics().format().matchAll(/^# TYPE calico_reconcile_(\w+)/gm)].map(
    ([, name]) => name!,
  );
  expect(served.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const table = page.slice(page.indexOf('| metric |'), page.indexOf('`cause` is one of'));
  const told = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  );
  expect(told.filter((name) => !served.includes(name))).toEqual([]);
});

test('every event of the log is told of', () => {
  const source = read('src/report/log.ts') + read('src/commands/watch.ts');
  const events = new Set([...source.matchAll(/(?:\bsay\(|event: )'(\w+)'/g)].map(([, name]) => name!));
  expect(events.size).toBeGreaterThan(8);
  expect([...events].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('the unit has no directive that gives the service a mount namespace', () => {
  const mounting =
    /^(PrivateTmp|PrivateDevices|PrivateMounts|PrivateUsers|PrivateNetwork|PrivateIPC|Protect\w+|ProcSubset|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths|BindReadOnlyPaths|TemporaryFileSystem|MountFlags|MountAPIVFS|RootDirectory|RootImage|DynamicUser|LogNamespace)=/;
  expect(directives.filter((line) => mounting.test(line))).toEqual([]);
});

test('the unit gives two capabilities, the address families in use, and the system calls of namespaces', () => {
  expect(directives).toEqual(
    expect.arrayContaining([
      'Type=notify',
      'CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN',
      'NoNewPrivileges=yes',
      'RestrictAddressFamilies=AF_NETLINK AF_UNIX AF_INET AF_INET6',
      'RestrictNamespaces=net',
      'SystemCallFilter=@system-service',
      'SystemCallFilter=mount umount2',
    ]),
  );
});
