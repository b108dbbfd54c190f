// Builds the addon with node-gyp: only what changed, and without a word unless it fails.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');

// The headers that came with this Node, when they did: node-gyp would download them otherwise.
const prefix = join(dirname(process.execPath), '..');
const nodedir = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];

function run(command) {
  const result = spawnSync(process.execPath, [nodeGyp, command, ...nodedir], { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  process.stderr.write(
    `The sockets of the DHCP server did not build: \`node-gyp ${command}\` in ${root} failed. It needs a C compiler, make and python3.\n`,
  );
  process.exit(1);
}

// What a configured build directory depends on: another Node, or another list of files, configures anew.
const stamp = join(root, 'build', 'configured-for');
const wanted = createHash('sha256')
  .update(`${process.version} ${prefix} `)
  .update(readFileSync(join(root, 'binding.gyp')))
  .digest('hex');
const configured = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
if (!configured) {
  run('configure');
  writeFileSync(stamp, wanted);
}
run('build');
