// What our formatters write, and the parts of it that iproute2's own request is compared with.
import { MessageWriter } from '../../src/kernel/codec/message.ts';
import { NLM_F_ACK } from '../../src/kernel/constants.ts';
import { type Decoded, decode, messagesOf, type Nests } from './captured.ts';

/** The bytes of one request. */
export function written(type: number, flags: number, format: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter();
  writer.beginMessage(type, flags, 0);
  format(writer);
  writer.endMessage();
  return Buffer.from(writer.buffer.subarray(0, writer.length));
}

/** The fixed struct and attributes alone: what a parser gets between `start` and `end`. */
export function payload(format: (writer: MessageWriter) => void): Buffer {
  return written(0, 0, format).subarray(16);
}

/** What iproute2 sends for a command; its wish for an acknowledgement of each request is left out. */
export function asked(command: string, structLength: number, nests: Nests = {}): Decoded {
  const message = messagesOf('requests', command)[0]!;
  const decoded = decode(message, structLength, nests);
  return { ...decoded, flags: decoded.flags & ~NLM_F_ACK };
}
