// Rivals found by the files they leave, below a root of the test's own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRivals } from '../../src/doctor/check-rivals.ts';

const used = [{ name: 'ens192', ifindex: 3 }];
let root = '';

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function codes(): string[] {
  return checkRivals(used, false, root).map(({ code }) => code);
}

describe('checkRivals', () => {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'calico-reconcile-rivals-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('finds nobody on an empty machine', () => {
    expect(codes()).toEqual([]);
  });

  it('warns of a networkd that removes foreign routes', () => {
    write('run/systemd/netif/links/2', 'ADMIN_STATE=configured\n');
    expect(codes()).toEqual(['networkdRemovesRoutes']);
  });

  it.each([
    'etc/systemd/networkd.conf',
    'etc/systemd/networkd.conf.d/10-keep.conf',
    'usr/lib/systemd/networkd.conf.d/10-keep.conf',
  ])('is content with ManageForeignRoutes=no in %s', (path) => {
    write('run/systemd/netif/links/2', 'ADMIN_STATE=configured\n');
    write(path, '[Network]\nManageForeignRoutes=no\n');
    expect(codes()).toEqual([]);
  });

  it('is not content with a commented setting', () => {
    write('run/systemd/netif/links/2', '');
    write('etc/systemd/networkd.conf', '[Network]\n#ManageForeignRoutes=no\n');
    expect(codes()).toEqual(['networkdRemovesRoutes']);
  });

  it.each([
    ['configured', ['networkdManagesLink']],
    ['unmanaged', []],
  ])('judges a used link that networkd calls %s', (state, expected) => {
    write('run/systemd/netif/links/3', `ADMIN_STATE=${state}\n`);
    write('etc/systemd/networkd.conf', '[Network]\nManageForeignRoutes=no\n');
    expect(codes()).toEqual(expected);
  });

  it.each([
    ['true', ['networkManagerManagesLink']],
    ['false', []],
  ])('judges a used link of which NetworkManager says managed=%s', (managed, expected) => {
    write('run/NetworkManager/devices/3', `[device]\nmanaged=${managed}\n`);
    expect(codes()).toEqual(expected);
  });

  it('names a routing daemon once, and no other process', () => {
    write('proc/12/comm', 'bird\n');
    write('proc/13/comm', 'bird\n');
    write('proc/14/comm', 'bash\n');
    const findings = checkRivals(used, false, root);
    expect(findings).toMatchObject([
      { code: 'routingDaemon', severity: 'note', evidence: 'process 12 (bird)' },
    ]);
  });

  it('does not name the BIRD that the topology asks for', () => {
    write('proc/12/comm', 'bird\n');
    write('proc/13/comm', 'zebra\n');
    expect(checkRivals(used, true, root)).toMatchObject([{ evidence: 'process 13 (zebra)' }]);
  });
});
