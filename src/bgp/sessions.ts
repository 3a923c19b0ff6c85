// What a running BIRD says of its sessions, by `show protocols all`.
import type { BgpPeer, BgpSession, BgpSpeaker } from '../state/bgp.ts';
import { sessionName } from './config.ts';
import { ask } from './control.ts';

/** The sessions that a speaker wants, as the daemon behind a control socket has them; null where none listens. */
export function readSessions(controlSocket: string, speaker: BgpSpeaker): BgpSession[] | null {
  const answer = ask(controlSocket, 'show protocols all');
  return answer === null ? null : parseSessions(answer.lines, speaker);
}

/** Reads the answer's lines; a session that the daemon does not know is left out. */
export function parseSessions(lines: readonly string[], speaker: BgpSpeaker): BgpSession[] {
  const peers = new Map(speaker.peers.map((peer) => [sessionName(peer), peer]));
  const sessions: BgpSession[] = [];
  let current: { -readonly [Key in keyof BgpSession]: BgpSession[Key] } | null = null;
  for (const line of lines) {
    // NAME PROTO TABLE STATE SINCE INFO: a protocol's own line begins at the margin, what is said of it does not. BGP's
    // own state is the first word of INFO; a session that is switched off has none.
    const [name = '', , , phase = '', , own = '', ...words] = line.split(/\s+/);
    const state = own === '' ? phase : own;
    if (name !== '') {
      const peer = peers.get(name);
      const said = words.join(' ').trim();
      const trouble = said === '' && state === 'Connect' ? describeSilence(peer) : said;
      current = peer === undefined ? null : { peer: peer.name, state, received: 0, trouble };
      if (current !== null) sessions.push(current);
    }
    const routes = /^\s+Routes:\s+(\d+) imported/.exec(line);
    if (routes !== null && current !== null) current.received = Number(routes[1]);
  }
  return sessions;
}

/** A peer that is there refuses a connection, or takes it; the kernel drops one without the right password, unanswered. */
function describeSilence(peer: BgpPeer | undefined): string {
  return peer?.passwordFile == null
    ? 'no answer: the peer wants a password, or a firewall stands between'
    : 'no answer: the peer has another password or none, or a firewall stands between';
}
