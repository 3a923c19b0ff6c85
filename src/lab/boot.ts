// The first program in a sandbox: gives it its own /run, hands on signals, then becomes the program asked for.
// Only runInSandbox starts it, as `node boot.js PROGRAM ARGUMENTS…`.
import { chmodSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mount } from '../kernel/libc.ts';
import { CONTROL_FD, forwardedSignals, insideSandbox } from './sandbox.ts';

if (!insideSandbox()) throw new Error('boot.js runs only in a sandbox');

mount('calico-reconcile', '/run', 'tmpfs', 0);
chmodSync('/run', 0o755);

// The first process of a process namespace ignores the signals it does not handle: what would end any other
// program is done here, unless the program inside has a handler of its own.
for (const signal of forwardedSignals) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
  });
}

const control = new Socket({ fd: CONTROL_FD, readable: true, writable: false });
control.setEncoding('utf8');
control.on('data', (lines: string) => {
  for (const line of lines.split('\n')) if (line !== '') process.emit(line as NodeJS.Signals);
});
control.on('end', () => process.exit(128 + constants.signals.SIGHUP)); // the outer process is gone
control.on('error', () => process.exit(128 + constants.signals.SIGHUP));
control.unref();

process.argv.splice(1, 1);
process.argv[1] = resolve(process.argv[1]!);
await import(pathToFileURL(process.argv[1]).href);
