// The program as its user runs it: dist/cli.js, and files for what only some verbs need. As 150 modules it takes half as
// long again to start. Dependencies in plain JavaScript that every start needs are in it; the others stay where npm
// puts them.
import { defineConfig } from 'rolldown';

// biome-ignore lint/style/noDefaultExport: rolldown reads its configuration from the default export
export default defineConfig({
  input: { cli: 'src/cli.ts' },
  platform: 'node',
  external: (id) => !/^[./]/.test(id) && id !== 'commander' && id !== 'ipaddr.js',
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'program/[name].js',
  },
});
