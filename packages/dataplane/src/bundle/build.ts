// Puts the compiled process and its threads together, as one file each: `node dist/src/bundle/build.js`, the last step
// of the package's build. current.ts says when the process uses them.
//
// Rollup keeps constants constants: V8 then takes them for known numbers, which it does not with those that are imported
// from another module, nor with the variables that other bundlers make of them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { eachMapping, TraceMap } from '@jridgewell/trace-mapping';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { type LogLevel, type Plugin, type RollupLog, rollup, type SourceMap } from 'rollup';
import { BUNDLE, describeInput, INPUTS } from './current.js';
import { type LineEntry, writeLineTable } from './line-table.js';

/** The compiled package: dist/src. */
const COMPILED = new URL('../', import.meta.url);

/** What is started; its file in the bundle has the last part of the name. */
const ENTRIES = ['process', 'workers/worker-main', 'host-io/host-io-main'];

/**
 * Stay modules of their own, because others than the bundle load them too and there must be one of each in a thread:
 * main.ts starts threads, users' nodes ask for leave in their loops.
 */
const SHARED = ['control/launch.js', 'user-nodes/loop-budget.js'].map((path) => fileOf(path));

/** CommonJS, or loaded by hardly anyone. */
const PACKAGES = ['pino', 'nanomsg', '@swc/wasm-typescript'];

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, COMPILED));
}

/** A path as a module in the bundle imports it. */
function fromBundle(file: string): string {
  return relative(fileURLToPath(BUNDLE), file);
}

/** The module that is an entry: begin() before what comes behind it, which may throw. */
function entryPlugin(entry: string): Plugin {
  const [start, first] = ['\0start', '\0first'];
  const texts: Record<string, string> = {
    [start]: `import '${first}'; import ${JSON.stringify(fileOf(`${entry}.js`))};`,
    [first]: `import { begin } from ${JSON.stringify(fileOf('bundle/begin.js'))}; begin(import.meta.url);`,
  };
  return {
    name: 'entry',
    resolveId: (id) => (id in texts ? id : null),
    load: (id) => texts[id] ?? null,
    // Compiled modules find files by where they are themselves.
    resolveImportMeta(property, { moduleId }) {
      if (moduleId === first) return null;
      if (property !== 'url')
        return this.error(`import.meta.${property} is not known to the bundle: ${moduleId}`);
      return `new URL(${JSON.stringify(fromBundle(moduleId))}, import.meta.url).href`;
    },
  };
}

/** The compiler's maps are taken along; what is not ours has none. */
const compiled: Plugin = {
  name: 'compiled',
  resolveId(id, importer) {
    if (importer === undefined || !id.startsWith('.')) return null;
    const file = fileURLToPath(new URL(id, pathToFileURL(importer)));
    return SHARED.includes(file) ? { id: file, external: 'absolute' } : file;
  },
  load(id) {
    const map = `${id}.map`;
    if (id.includes('/node_modules/') || !existsSync(map)) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(map, 'utf8') };
  },
};

/** V8 keeps a source of other characters, be they in comments alone, at two octets a character. */
const ascii: Plugin = {
  name: 'ascii',
  transform: (code) => ({
    code: code.replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
    map: null,
  }),
};

/** What rollup warns of is wrong here, but for what packages do in themselves. */
function onLog(level: LogLevel, log: RollupLog): void {
  const theirs = [log.id, ...(log.ids ?? [])].some((id) => id?.includes('/node_modules/'));
  if (level === 'warn' && !theirs) throw new Error(`the bundle cannot be made: ${log.message}`);
}

/** Where the line of the source changes. */
function linesOf(map: SourceMap): LineEntry[] {
  const entries: LineEntry[] = [];
  const numbers = new Map(map.sources.map((source, number) => [source, number]));
  eachMapping(new TraceMap(map.toString()), ({ generatedLine, generatedColumn, source, originalLine }) => {
    if (source === null) return;
    const [line, number, sourceLine] = [generatedLine - 1, numbers.get(source)!, originalLine - 1];
    const last = entries.at(-1);
    if (last?.line === line && last.source === number && last.sourceLine === sourceLine) return;
    entries.push({ line, column: generatedColumn, source: number, sourceLine });
  });
  return entries;
}

/** Writes the bundle of one entry; returns the files that it was made of. */
async function bundle(entry: string): Promise<string[]> {
  const name = entry.slice(entry.lastIndexOf('/') + 1);
  const build = await rollup({
    input: { [name]: '\0start' },
    external: PACKAGES,
    plugins: [entryPlugin(entry), compiled, nodeResolve({ exportConditions: ['node'] }), ascii],
    onLog,
  });
  try {
    const { output } = await build.generate({
      dir: fileURLToPath(BUNDLE),
      format: 'es',
      entryFileNames: '[name].mjs',
      chunkFileNames: `${name}-[name].mjs`,
      paths: (id) => (SHARED.includes(id) ? fromBundle(id) : id),
      // For the table of lines: no file names its map.
      sourcemap: 'hidden',
      sourcemapExcludeSources: true,
    });
    for (const chunk of output) {
      if (chunk.type !== 'chunk') continue;
      const file = new URL(chunk.fileName, BUNDLE);
      writeFileSync(file, chunk.code);
      if (chunk.isEntry && chunk.map !== null) writeLineTable(file, chunk.map.sources, linesOf(chunk.map));
    }
    return build.watchFiles.filter((file) => !file.startsWith('\0'));
  } finally {
    await build.close();
  }
}

rmSync(BUNDLE, { recursive: true, force: true });
mkdirSync(BUNDLE, { recursive: true });
const files = new Set<string>();
for (const entry of ENTRIES) for (const file of await bundle(entry)) files.add(file);
const inputs = [...files].sort().map((file) => describeInput(pathToFileURL(file), fromBundle(file)));
writeFileSync(new URL(INPUTS, BUNDLE), JSON.stringify(inputs));
