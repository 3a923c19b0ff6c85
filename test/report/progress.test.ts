// Progress: silent at first, a bar on a terminal, lines elsewhere.
import { beforeEach, describe, expect, it } from 'vitest';
import { Progress } from '../../src/report/progress.ts';

let time: number;
let written: string[];

beforeEach(() => {
  time = 0;
  written = [];
});

const progress = (columns: number | null): Progress =>
  new Progress({ write: (text) => written.push(text), columns, now: () => time });

describe('progress', () => {
  it('says nothing in the first second, nor of a few steps', () => {
    const one = progress(80);
    one.begin('reading big.yaml');
    time = 999;
    one.step(4000, 5000);
    time = 9000;
    one.step(3, 9);
    one.clear();
    expect(written).toEqual([]);
  });

  it('draws a bar in place on a terminal, and takes it away', () => {
    const one = progress(80);
    time = 1200;
    one.step(25_000, 100_000);
    time = 1250;
    one.step(26_000, 100_000);
    time = 1300;
    one.step(75_000, 100_000);
    one.clear();
    one.clear();
    expect(written).toEqual([
      '\r\x1b[2Kapplying ██████░░░░░░░░░░░░░░░░░░  25 %  25 000 of 100 000 steps',
      '\r\x1b[2Kapplying ██████████████████░░░░░░  75 %  75 000 of 100 000 steps',
      '\r\x1b[2K',
    ]);
  });

  it('keeps to the columns of the terminal', () => {
    const one = progress(20);
    time = 1200;
    one.begin('reading a file with a very long name.yaml');
    expect(written).toEqual(['\r\x1b[2Kreading a file with']);
  });

  it('writes a line every five seconds elsewhere', () => {
    const one = progress(null);
    time = 1100;
    one.begin('reading the kernel');
    for (time = 1200; time <= 12_000; time += 400) one.step(time, 100_000);
    one.clear();
    expect(written).toEqual([
      'reading the kernel…\n',
      'applying: 6 400 of 100 000 steps\n',
      'applying: 11 600 of 100 000 steps\n',
    ]);
  });

  it('never counts beyond the end', () => {
    const one = progress(null);
    time = 6000;
    one.step(2100, 2000);
    expect(written).toEqual(['applying: 2 000 of 2 000 steps\n']);
  });
});
