// Packets of the lab: the echo requests that `verify` sends where no socket can wait for them.
export { type PingOptions, type PingResult, ping } from '../verify/ping.ts';
