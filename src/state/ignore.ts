// Patterns of known differences: `NETNS [KIND [KEY]]`, in each part `*` for any text, `?` for any character and `\` to
// mean the next one as it is. What is left out matches everything: `host0` is all of host0, `* sysctl` every sysctl.

/** What an item can be. */
export const kinds = ['netns', 'link', 'address', 'neighbour', 'fdb', 'route', 'sysctl', 'bgp'] as const;

/** Whether an item of a namespace is known to differ. */
export type IgnoreTest = (netns: string, kind: string, key: string) => boolean;

/** Reads a pattern; null where it can match nothing: it is empty, or its second part matches no kind. */
export function parseIgnore(pattern: string): IgnoreTest | null {
  const [, netns, kind = '*', key = '*'] = /^(\S+)(?: +(\S+)(?: +(\S.*?))?)? *$/u.exec(pattern) ?? [];
  if (netns === undefined) return null;
  const tests = [glob(netns), glob(kind), glob(key)] as const;
  if (!kinds.some((name) => tests[1].test(name))) return null;
  return (...item) => tests.every((test, i) => test.test(item[i]!));
}

/** Whether any of the patterns matches; those that cannot match anything are passed over. */
export function ignoreTest(patterns: readonly string[]): IgnoreTest {
  const tests = patterns.map(parseIgnore).filter((test) => test !== null);
  return (netns, kind, key) => tests.some((test) => test(netns, kind, key));
}

function glob(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\*+|\?|[^*?\\]+|\\$/gsu, (part, escaped: string | undefined) => {
    if (escaped !== undefined) return literally(escaped);
    if (part.startsWith('*')) return '.*';
    return part === '?' ? '.' : literally(part);
  });
  return new RegExp(`^${source}$`, 'su');
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
