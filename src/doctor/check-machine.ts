// The machine itself: kernel, Node, privileges, and what the tool asks of the kernel, tried in a namespace nobody sees.
import { release, version } from 'node:os';
import { KernelError, ReconcileError } from '../errors.ts';
import { hasCapability } from '../kernel/capabilities.ts';
import { formatAddressDump, parseAddress } from '../kernel/codec/address.ts';
import { MessageWriter } from '../kernel/codec/message.ts';
import {
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_NEWLINK,
} from '../kernel/constants.ts';
import { SystemError } from '../kernel/libc.ts';
import { inFreshNamespace } from '../kernel/netns.ts';
import { checkPropagation } from '../kernel/propagation.ts';
import { Requests } from '../kernel/requests.ts';
import { NetlinkSocket } from '../kernel/socket.ts';
import { SCOPE_HOST } from '../state/scope.ts';
import { advice, type Finding, finding } from './finding.ts';

/** The oldest kernel that keeps every mark of ours: IFA_PROTO came with 5.18. */
const OLDEST_KERNEL = [5, 18] as const;
const OLDEST_NODE = [20, 19] as const;

/** Kernel, Node, privileges, features. */
export function checkMachine(): Finding[] {
  return [
    checkKernel(release()),
    checkNode(process.versions.node),
    ...checkPrivileges(),
    ...checkNames(),
    ...checkFeatures(),
  ];
}

/** A kernel by its release, `6.1.0-18-amd64`. */
export function checkKernel(name: string): Finding {
  const evidence = `${name}, ${version()}`;
  if (isAtLeast(name, OLDEST_KERNEL)) return finding('good', 'kernel', `Linux ${name}`, null);
  const wanted = OLDEST_KERNEL.join('.');
  return finding(
    'failure',
    'kernelTooOld',
    `this kernel cannot keep our marks on addresses: ${wanted} or newer is needed`,
    evidence,
    advice(`install a kernel of version ${wanted} or newer`),
  );
}

/** Node by its version, `20.20.2`. */
export function checkNode(name: string): Finding {
  if (isAtLeast(name, OLDEST_NODE)) return finding('good', 'node', `Node ${name}`);
  const wanted = OLDEST_NODE.join('.');
  return finding(
    'failure',
    'nodeTooOld',
    `Node ${wanted} or newer is needed`,
    name,
    advice(`install Node ${wanted}`),
  );
}

function isAtLeast(name: string, [major, minor]: readonly [number, number]): boolean {
  const [has = 0, hasMinor = 0] = name.split('.').map((part) => Number.parseInt(part, 10));
  return has > major || (has === major && hasMinor >= minor);
}

function checkPrivileges(): Finding[] {
  const missing = (['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'] as const).filter((name) => !hasCapability(name));
  if (missing.length === 0)
    return [finding('good', 'privileges', 'CAP_NET_ADMIN and CAP_SYS_ADMIN are there')];
  return [
    finding(
      'warning',
      'privilegesMissing',
      `without ${missing.join(' and ')} nothing can be applied, and no other namespace be read`,
      `user ${process.geteuid?.() ?? 'unknown'}`,
      advice('run as root (sudo), or try a topology without root: calico-reconcile lab FILE'),
    ),
  ];
}

function checkNames(): Finding[] {
  try {
    checkPropagation();
    return [];
  } catch (error) {
    if (!(error instanceof ReconcileError)) throw error;
    const { hint } = error;
    return [finding('failure', 'namesUnseen', error.message, null, hint === null ? null : advice(hint))];
  }
}

/** Kinds of link that topologies are made of; the first two are in every one. */
const kinds = ['veth', 'bridge', 'vxlan', 'ipip', 'vlan', 'macvlan', 'dummy', 'ifb'] as const;
const needed: ReadonlySet<string> = new Set(['veth', 'bridge']);

function checkFeatures(): Finding[] {
  try {
    return inFreshNamespace(() => {
      const socket = new NetlinkSocket();
      try {
        return [checkAddressMark(socket), ...checkKinds(socket)];
      } finally {
        socket.close();
      }
    });
  } catch (error) {
    if (error instanceof SystemError && error.errno === 'EPERM')
      return [
        finding('note', 'featuresUnknown', 'what the kernel can do was not tried: that takes privileges'),
      ];
    throw error;
  }
}

function checkAddressMark(socket: NetlinkSocket): Finding {
  const address = {
    dev: 'lo',
    address: 0x7f000009,
    prefixlen: 32,
    peer: null,
    scope: SCOPE_HOST,
    noprefixroute: false,
  };
  const requests = new Requests<null>(socket, () => {});
  requests.addressAdd(null, address, 1, { protocol: 169, nodad: true });
  requests.flush();
  const held = socket.dump(
    RTM_GETADDR,
    (writer) => formatAddressDump(writer, 0),
    (buffer, start, end) => parseAddress(buffer, start, end, () => 'lo'),
  );
  if (held.some(({ protocol }) => protocol === 169)) {
    return finding(
      'good',
      'marks',
      'the kernel keeps our marks on addresses (IFA_PROTO), and dumps strictly',
    );
  }
  return finding('failure', 'marksLost', 'the kernel does not keep our marks on addresses (IFA_PROTO)');
}

function checkKinds(socket: NetlinkSocket): Finding[] {
  const missing = kinds.filter((kind) => !knowsKind(socket, kind));
  const known = kinds.filter((kind) => !missing.includes(kind));
  const findings = [finding('good', 'linkKinds', `the kernel makes links of kind ${known.join(', ')}`)];
  for (const kind of missing) {
    const severity = needed.has(kind) ? 'failure' : 'note';
    const remedy = { kind: 'shell', words: ['modprobe', kind === 'vlan' ? '8021q' : kind] } as const;
    findings.push(
      finding(severity, 'linkKindMissing', `the kernel makes no links of kind ${kind}`, null, remedy),
    );
  }
  return findings;
}

/** Whether the kernel knows a kind: it answers EOPNOTSUPP to those it does not, and may miss settings of others. */
function knowsKind(socket: NetlinkSocket, kind: string): boolean {
  const writer = new MessageWriter();
  const first = socket.reserveSequences();
  writer.beginMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, first);
  writer.zeros(16); // struct ifinfomsg
  writer.attributeText(IFLA_IFNAME, 'trial');
  const nest = writer.openNest(IFLA_LINKINFO);
  writer.attributeText(IFLA_INFO_KIND, kind);
  writer.closeNest(nest);
  writer.endMessage();
  const [refusal] = socket.transact(writer, first, 1);
  if (refusal === undefined) deleteTrial(socket);
  return refusal?.errno !== 'EOPNOTSUPP';
}

function deleteTrial(socket: NetlinkSocket): void {
  const writer = new MessageWriter();
  const first = socket.reserveSequences();
  writer.beginMessage(RTM_DELLINK, 0, first);
  writer.zeros(16);
  writer.attributeText(IFLA_IFNAME, 'trial');
  writer.endMessage();
  const [refusal] = socket.transact(writer, first, 1);
  if (refusal !== undefined) throw new KernelError('link delete', refusal.errno, refusal.message);
}
