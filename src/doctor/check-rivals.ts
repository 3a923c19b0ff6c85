// Who else writes to this machine's network: systemd-networkd and NetworkManager where they manage links we use, and
// routing daemons. Read from the files they leave, below a root that tests can choose; nothing is asked of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { advice, type Finding, finding } from './finding.ts';

/** A link of this machine that the topology uses. */
export interface UsedLink {
  readonly name: string;
  readonly ifindex: number;
}

const BIRD = 'bird';

/** Daemons that write routes, by the name of their process. */
const daemons: ReadonlyMap<string, string> = new Map([
  [BIRD, 'BIRD'],
  ['zebra', "FRR's zebra"],
  ['calico-node', 'Calico'],
  ['cilium-agent', 'Cilium'],
  ['kube-router', 'kube-router'],
  ['flanneld', 'flannel'],
  ['keepalived', 'keepalived'],
  ['babeld', 'babeld'],
  ['gobgpd', 'GoBGP'],
]);

/** Managers and daemons that may undo what is applied; a BIRD that the topology itself asks for is none. */
export function checkRivals(used: readonly UsedLink[], speaksBgp: boolean, root = '/'): Finding[] {
  return [
    ...checkNetworkd(used, root),
    ...checkNetworkManager(used, root),
    ...findDaemons(root)
      .filter(({ comm }) => !(speaksBgp && comm === BIRD))
      .map(describeDaemon),
  ];
}

const NETWORKD_DROP_IN = 'etc/systemd/networkd.conf.d/10-calico-reconcile.conf';

function checkNetworkd(used: readonly UsedLink[], root: string): Finding[] {
  const links = join(root, 'run/systemd/netif/links');
  const states = listOf(links);
  if (states === null) return [];
  const keepsForeign = configurations(root).some((text) =>
    /^\s*ManageForeignRoutes\s*=\s*(no|false|0|off)\s*$/im.test(text),
  );
  const findings: Finding[] = [];
  if (!keepsForeign) {
    findings.push(
      finding(
        'warning',
        'networkdRemovesRoutes',
        'systemd-networkd removes routes that are not its own from links it manages',
        `${links} is there, and no configuration says ManageForeignRoutes=no`,
        advice(
          `write /${NETWORKD_DROP_IN} with [Network], ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no, then: systemctl restart systemd-networkd`,
        ),
      ),
    );
  }
  for (const { name, ifindex } of used) {
    const state = textOf(join(links, String(ifindex))) ?? '';
    const admin = /^ADMIN_STATE=(.*)$/m.exec(state)?.[1] ?? 'unmanaged';
    if (admin === 'unmanaged') continue;
    findings.push(
      finding(
        'warning',
        'networkdManagesLink',
        `systemd-networkd manages ${name}, which the topology uses`,
        `ADMIN_STATE=${admin} in ${join(links, String(ifindex))}`,
        advice(
          `write a .network file that matches Name=${name} with [Link] Unmanaged=yes, then: networkctl reload`,
        ),
      ),
    );
  }
  return findings;
}

/** networkd.conf and its drop-ins, later ones stronger; what only one says is enough here. */
function configurations(root: string): string[] {
  const directories = ['etc/systemd', 'run/systemd', 'usr/lib/systemd'].map((path) => join(root, path));
  return directories.flatMap((directory) => {
    const dropIns = join(directory, 'networkd.conf.d');
    const files = (listOf(dropIns) ?? [])
      .filter((name) => name.endsWith('.conf'))
      .map((name) => join(dropIns, name));
    return [join(directory, 'networkd.conf'), ...files].flatMap((path) => textOf(path) ?? []);
  });
}

function checkNetworkManager(used: readonly UsedLink[], root: string): Finding[] {
  const devices = join(root, 'run/NetworkManager/devices');
  if (listOf(devices) === null) return [];
  return used.flatMap(({ name, ifindex }) => {
    const state = textOf(join(devices, String(ifindex))) ?? '';
    if (!/^managed=(true|1)$/m.test(state)) return [];
    return [
      finding(
        'warning',
        'networkManagerManagesLink',
        `NetworkManager manages ${name}, which the topology uses`,
        `managed=true in ${join(devices, String(ifindex))}`,
        { kind: 'shell', words: ['nmcli', 'device', 'set', name, 'managed', 'no'] },
      ),
    ];
  });
}

interface Daemon {
  readonly comm: string;
  readonly pid: string;
}

function findDaemons(root: string): Daemon[] {
  const proc = join(root, 'proc');
  const found = new Map<string, Daemon>();
  for (const pid of (listOf(proc) ?? []).filter((name) => /^\d+$/.test(name))) {
    const comm = textOf(join(proc, pid, 'comm'))?.trim() ?? '';
    if (daemons.has(comm) && !found.has(comm)) found.set(comm, { comm, pid });
  }
  return [...found.values()];
}

function describeDaemon({ comm, pid }: Daemon): Finding {
  return finding(
    'note',
    'routingDaemon',
    `${daemons.get(comm)} writes routes on this machine, too`,
    `process ${pid} (${comm})`,
    advice('its routes stay its own: give it no destination that the topology states'),
  );
}

function listOf(directory: string): string[] | null {
  try {
    return readdirSync(directory);
  } catch {
    return null;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
