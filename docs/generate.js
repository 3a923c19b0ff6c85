// `npm run docs`: writes what is made from sources of the program: the tables of docs/topology.md from the schema, and
// the manual page from the words of --help. A test holds that they are in step.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { formatManual } from '../dist/commands/manual.js';
import { describeProgram } from '../dist/commands/program.js';
import { fillReference } from '../dist/report/reference.js';
import { topologySchema } from '../dist/topology/schema.js';

const root = new URL('..', import.meta.url);
const reference = new URL('docs/topology.md', root);
writeFileSync(reference, fillReference(readFileSync(reference, 'utf8'), topologySchema));
mkdirSync(new URL('man/', root), { recursive: true });
writeFileSync(new URL('man/calico-reconcile.8', root), formatManual(describeProgram()));
