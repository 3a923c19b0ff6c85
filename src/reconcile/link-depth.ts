// How deep links stand on one another: what carries is made before what it carries.
import type { DesiredLink } from '../state/link.ts';
import { parentOf } from '../state/link-kind.ts';

/** How many links of its namespace a link stands on, one on the other: 0 for none. */
export function depthOf(links: ReadonlyMap<string, DesiredLink>, link: DesiredLink): number {
  const below = new Set<DesiredLink>([link]);
  for (let at: DesiredLink | undefined = link; at !== undefined; below.add(at)) {
    const parent = parentOf(at.spec);
    at = parent === null ? undefined : links.get(parent);
    if (at === undefined || below.has(at)) break;
  }
  return below.size - 1;
}
