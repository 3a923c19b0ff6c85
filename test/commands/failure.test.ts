import { expect, test } from 'vitest';
import { reportFailure } from '../../src/commands/failure.ts';
import { ReconcileError } from '../../src/errors.ts';
import { plain } from '../../src/report/style.ts';

function failure(error: unknown, env: NodeJS.ProcessEnv = {}): string {
  let err = '';
  const write = (text: string): void => {
    err += text;
  };
  reportFailure(error, { out: write, err: write, outStyle: plain, errStyle: plain, columns: null, env });
  return err;
}

test('a known error is one line with what to do', () => {
  const error = new ReconcileError('permission', 'apply needs CAP_NET_ADMIN', { hint: 'run it with sudo' });
  expect(failure(error)).toBe('error: apply needs CAP_NET_ADMIN; run it with sudo\n');
});

test('an unexpected error is one line without a stack', () => {
  expect(failure(new TypeError('x is\nundefined'))).toBe(
    'internal error: x is\\nundefined; please report it\n',
  );
  expect(failure('thrown text')).toBe('internal error: thrown text; please report it\n');
});

test('the stack of an unexpected error is shown to who asks for it', () => {
  expect(failure(new TypeError('x'), { CALICO_RECONCILE_DEBUG: '1' })).toContain('failure.test.ts');
});
