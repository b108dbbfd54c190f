// sluice capture: packets into a pcapng file, as they come.
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CaptureFilter,
  type CaptureStatus,
  captureFilterSchema,
  dataplaneContract,
} from '@sluice/shared';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { parsePositive, parseProtocol } from '../numbers.js';

const POLL_MS = 200;
const CHUNK = 1 << 16;

interface CaptureOptions extends GatewayOptions {
  write: string;
  interface?: string[];
  prefix?: string;
  protocol?: number;
  drops?: boolean;
  onlyDrops?: boolean;
  count: number;
  snapLength: number;
  timeout?: number;
}

export function captureCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'capture')
    .description('write packets into a pcapng file that Wireshark opens; Ctrl-C ends it')
    .requiredOption(
      '-w, --write <file>',
      'the file; - for standard output, as in: … -w - | wireshark -k -i -',
    )
    .option(
      '-i, --interface <name...>',
      'only what crosses these; a tunnel shows what it carries before encryption',
    )
    .option('--prefix <prefix>', 'only from or to this prefix')
    .option('--protocol <name>', 'only this IP protocol: a number, or icmp, tcp, udp, esp…', parseProtocol)
    .option('--drops', 'also what is dropped, each with its reason as a comment')
    .option('--only-drops', 'nothing but what is dropped')
    .option('--count <n>', 'packets after which it ends', parsePositive, 10_000)
    .option('--snap-length <octets>', 'octets kept of each packet', parsePositive, 2048)
    .addOption(new Option('--timeout <seconds>', 'ends it after this time').argParser(parsePositive))
    .action((options: CaptureOptions) => capture(environment, options));
}

async function capture(environment: Environment, options: CaptureOptions): Promise<void> {
  const filter = filterOf(options);
  const openTarget = targetOf(environment, options.write);
  await environment.interruptible((interrupted) =>
    withClient(dataplaneContract, runDirOf(environment, options), async (client) => {
      const started = await client.request('capture-start', filter);
      if (started.file === null) throw new CliError('the data plane began no capture');
      const source = await open(started.file);
      const target = openTarget();
      const broken = new AbortController();
      // Listened to until the process ends: what breaks once may say so again.
      target.on('error', (error) => broken.abort(error));
      const ended = AbortSignal.any([interrupted, broken.signal]);
      const deadline = options.timeout === undefined ? Infinity : performance.now() + options.timeout * 1000;
      let status: CaptureStatus = started;
      try {
        let at = 0;
        while (status.active && !ended.aborted && performance.now() < deadline) {
          at = await copy(source, at, target, broken.signal);
          // An abort ends the wait early, and the loop at its next look.
          await delay(POLL_MS, undefined, { signal: ended }).catch(() => undefined);
          status = await client.request('capture-status', {});
        }
        status = await client.request('capture-stop', {});
        await copy(source, at, target, broken.signal);
        if (target !== environment.binaryOut) {
          target.end();
          // That it breaks is told below.
          await finished(target).catch(() => undefined);
        }
        if (broken.signal.aborted) throw new CliError(brokenText(options.write, broken.signal.reason));
      } finally {
        await source.close();
      }
      environment.err(summary(status));
    }),
  );
}

/**
 * What opens the target: standard output for `-`, else the file.
 * Errors: CliError where the name is not one that a session may write.
 */
function targetOf({ binaryOut, captureDir }: Environment, name: string): () => Writable {
  if (name === '-') {
    if (binaryOut === null)
      throw new CliError('a terminal cannot take a capture: give a name, and fetch the file by SFTP');
    return () => binaryOut;
  }
  if (captureDir === null) return () => createWriteStream(name);
  if (!/^\w[\w.-]*$/.test(name))
    throw new CliError(
      `"${name}" is not a plain file name such as wan.pcapng: captures are kept in one place`,
    );
  return () => {
    mkdirSync(captureDir, { recursive: true, mode: 0o700 });
    return createWriteStream(join(captureDir, name), { mode: 0o600 });
  };
}

function filterOf(options: CaptureOptions): CaptureFilter {
  const { interface: interfaces, prefix, protocol, count, snapLength } = options;
  const filter = captureFilterSchema.safeParse({
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(protocol === undefined ? {} : { protocol }),
    traffic: options.onlyDrops !== true,
    drops: options.drops === true || options.onlyDrops === true,
    snap_length: snapLength,
    count,
  });
  if (filter.success) return filter.data;
  const [issue] = filter.error.issues;
  throw new CliError(`--${String(issue?.path[0]).replace('_', '-')}: ${issue?.message}`);
}

/** Copies what has come into the file since `at`; returns where it ends now, or where `broken` ended it. */
async function copy(source: FileHandle, at: number, target: Writable, broken: AbortSignal): Promise<number> {
  const buffer = Buffer.alloc(CHUNK);
  let from = at;
  while (!broken.aborted) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK, from);
    if (bytesRead === 0) return from;
    from += bytesRead;
    if (!target.write(Buffer.from(buffer.subarray(0, bytesRead)))) {
      // It drains, or breaks, which the next look sees.
      await once(target, 'drain', { signal: broken }).catch(() => undefined);
    }
  }
  return from;
}

function brokenText(file: string, error: Error): string {
  return `the capture ended, because ${file === '-' ? 'standard output' : file} cannot be written: ${error.message}`;
}

function summary({ packets, missed }: CaptureStatus): string {
  const lost = missed === 0 ? '' : `, ${missed} came too fast to be written`;
  return `${packets} packet${packets === 1 ? '' : 's'}${lost}\n`;
}
