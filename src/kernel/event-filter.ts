// A filter in the kernel for the events of neighbours: learned ones come, age and go all the time on a host with
// traffic, and none of that is anyone's statement. Classic BPF over struct nlmsghdr and struct ndmsg, so that a watch
// with nothing to do is not even woken.
import {
  AF_BRIDGE,
  NDA_PROTOCOL,
  NTF_PROXY,
  NUD_NOARP,
  NUD_PERMANENT,
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
} from './constants.ts';

/** One step, which loads, decides, or ends; a decision names the labels it goes on at, or null for the next step. */
type Step =
  | { readonly label?: string; readonly code: number; readonly k: number }
  | { readonly code: number; readonly k: number; readonly yes: string | null; readonly no: string | null };

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const SET = 0x00;
const SET_X = 0x01;
const IF_EQUAL = 0x15;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Offsets in a message: nlmsg_type, then ndm_family, ndm_state and ndm_flags, and the first attribute. */
const TYPE = 4;
const FAMILY = 16;
const STATE = 24;
const FLAGS = 26;
const ATTRIBUTES = 28;
/** SKF_AD_OFF + SKF_AD_NLATTR: looks for the attribute of type X from offset A on; 0 where there is none. */
const FIND_ATTRIBUTE = 0xfffff000 + 12;
const WHOLE = 0xffffffff;

/** A half word of the message as BPF loads it, which reads big-endian. */
const half = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

const steps: readonly Step[] = [
  { code: LOAD_HALF, k: TYPE },
  { code: IF_EQUAL, k: half(RTM_NEWNEIGH), yes: 'came', no: null },
  { code: IF_EQUAL, k: half(RTM_DELNEIGH), yes: null, no: 'pass' },
  { code: LOAD_BYTE, k: FAMILY },
  { code: IF_EQUAL, k: AF_BRIDGE, yes: 'pass', no: null },
  { code: LOAD_HALF, k: STATE },
  { code: IF_EQUAL, k: half(NUD_NOARP), yes: 'drop', no: 'pass' },
  { label: 'came', code: LOAD_BYTE, k: FAMILY },
  { code: IF_EQUAL, k: AF_BRIDGE, yes: 'pass', no: null },
  { code: LOAD_HALF, k: STATE },
  { code: IF_ANY_BIT, k: half(NUD_PERMANENT), yes: 'pass', no: null },
  { code: LOAD_BYTE, k: FLAGS },
  { code: IF_ANY_BIT, k: NTF_PROXY, yes: 'pass', no: null },
  { code: SET_X, k: NDA_PROTOCOL },
  { code: SET, k: ATTRIBUTES },
  { code: LOAD_WORD, k: FIND_ATTRIBUTE },
  { code: IF_EQUAL, k: 0, yes: 'drop', no: 'pass' },
  { label: 'pass', code: RETURN, k: WHOLE },
  { label: 'drop', code: RETURN, k: 0 },
];

/**
 * struct sock_filter, one after another. Lets pass all but neighbours that come or change and are neither permanent, nor
 * proxies, nor bear a mark, and entries that need no resolution (multicast) and go. Forwarding entries pass.
 */
export const eventFilter: Buffer = assemble();

function assemble(): Buffer {
  const places = new Map(
    steps.flatMap((step, at) => ('label' in step && step.label ? [[step.label, at]] : [])),
  );
  const program = Buffer.alloc(steps.length * 8);
  for (const [at, step] of steps.entries()) {
    const distance = (label: string | null): number => (label === null ? 0 : places.get(label)! - at - 1);
    program.writeUInt16LE(step.code, at * 8);
    if ('yes' in step) {
      program.writeUInt8(distance(step.yes), at * 8 + 2);
      program.writeUInt8(distance(step.no), at * 8 + 3);
    }
    program.writeUInt32LE(step.k, at * 8 + 4);
  }
  return program;
}
