// How soon a peer that no longer answers is given up: what one setting of the configuration means for charon, which
// asks after a while of silence (dead peer detection, RFC 7296 section 2.4), and retransmits what is not answered.
//
// charon has one set of retransmission settings for all connections. They are of the connection that is to notice first.
import { chmod, chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ConnectionSection } from '@sluice/shared';

export interface Retransmission {
  /** Seconds until the first retransmission. */
  timeoutS: number;
  /** By which each wait is longer than the one before. */
  base: number;
  /** Longest wait, in seconds: a peer that answers again is asked again within it. */
  limitS: number;
  /** Retransmissions; the wait after the last is as long as the others. */
  tries: number;
}

/** What a connection notices within when its configuration says nothing: an outage of 29 s costs no SA. */
export const DETECT_WITHIN_S = 40;

const BASE = 1.6;
const LIMIT_S = 4;
/** More would hold an SA of nobody for minutes, where the peer is asked again soon enough as it is. */
const TRIES_MAX = 8;
/** Fewer would give up a peer for two lost packets. */
const TRIES_MIN = 2;
/** charon counts silence in whole seconds, of which it may take one too many; the rest is for a busy machine. */
const SLACK_S = 2;

/** Seconds from a request to the end of its last wait. */
export function givesUpAfterS({ timeoutS, base, limitS, tries }: Retransmission): number {
  let sum = 0;
  for (let i = 0; i <= tries; i++) sum += Math.min(timeoutS * base ** i, limitS);
  return sum;
}

/** Seconds of silence until a peer is asked, at least: a fifth of the time, the rest is for asking again. */
function silenceS(withinS: number): number {
  return Math.max(1, Math.floor(withinS / 5));
}

/** As many retransmissions as end in time. */
export function retransmissionFor(withinS: number): Retransmission {
  const waits = { timeoutS: Math.min(1, withinS / 10), base: BASE, limitS: LIMIT_S };
  const left = withinS - silenceS(withinS) - SLACK_S;
  let tries = TRIES_MAX;
  while (tries > TRIES_MIN && givesUpAfterS({ ...waits, tries }) > left) tries--;
  return { ...waits, tries };
}

type Detecting = Pick<ConnectionSection, 'detect_failure_within_s' | 'dpd_delay_s'>;

/** Of all connections: of the one that is to notice first. One that only says how long silence may be asks for no more. */
export function retransmissionOf(connections: readonly Detecting[]): Retransmission {
  const within = connections.flatMap(({ detect_failure_within_s: seconds }) => seconds ?? []);
  return retransmissionFor(Math.min(DETECT_WITHIN_S, ...within));
}

/** When a connection's peer is asked (0: never), and, where IKEv1 does not retransmit the question, given up; seconds. */
export function dpdOf({ detect_failure_within_s: withinS, dpd_delay_s: delayS }: Detecting): {
  dpd_delay: number;
  dpd_timeout: number;
} {
  const within = withinS ?? DETECT_WITHIN_S;
  if (withinS === undefined && delayS !== undefined)
    return { dpd_delay: delayS, dpd_timeout: delayS + Math.ceil(givesUpAfterS(retransmissionFor(within))) };
  // Of its own retransmissions: charon has as many, or fewer because of another connection.
  const delay = Math.floor(within - SLACK_S - givesUpAfterS(retransmissionFor(within)));
  return { dpd_delay: Math.max(1, delay), dpd_timeout: within - SLACK_S };
}

/** Lines of strongswan.conf, for its section charon. */
export function retransmissionConf({ timeoutS, base, limitS, tries }: Retransmission): string {
  return [
    `retransmit_timeout = ${timeoutS}`,
    `retransmit_base = ${base}`,
    `retransmit_limit = ${limitS}`,
    `retransmit_tries = ${tries}`,
  ]
    .map((line) => `  ${line}\n`)
    .join('');
}

/**
 * Brings the file that strongswan.conf includes to what it should say. True when it said something else: charon has to
 * be told to read it.
 */
export async function writeRetransmission(path: string, wanted: Retransmission): Promise<boolean> {
  const text = `# Written by the IKE bridge, of detect_failure_within_s of the connections.\ncharon {\n${retransmissionConf(wanted)}}\n`;
  const before = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (before === text) return false;
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
  // charon, which has another user, is in the group of this process.
  await chown(fresh, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
  await chmod(fresh, 0o640);
  await rename(fresh, path);
  return true;
}
