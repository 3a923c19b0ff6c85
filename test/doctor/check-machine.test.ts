// Versions at both sides of what is needed.
import { describe, expect, it } from 'vitest';
import { checkKernel, checkNode } from '../../src/doctor/check-machine.ts';

describe('checkKernel', () => {
  it.each([
    ['5.18.0', 'good'],
    ['6.1.0-18-amd64', 'good'],
    ['5.17.15', 'failure'],
    ['4.19.0', 'failure'],
  ])('judges %s to be a %s one', (release, severity) => {
    expect(checkKernel(release)).toMatchObject({ severity });
  });
});

describe('checkNode', () => {
  it.each([
    ['20.19.0', 'good'],
    ['24.0.0', 'good'],
    ['20.18.3', 'failure'],
  ])('judges %s to be a %s one', (version, severity) => {
    expect(checkNode(version)).toMatchObject({ severity });
  });
});
