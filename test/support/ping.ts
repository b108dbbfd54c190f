// ping(8), and what it reports.
import type { LabNode } from '@sluice/lab';

export interface PingOptions {
  /** Octets of the IP packet, header included; 84 unless told. */
  size?: number;
  /** Sets DF, and ignores path MTUs learnt before. */
  df?: boolean;
  count?: number;
  /** Address or interface to send from. */
  from?: string;
  ttl?: number;
  /** Type of service, in hexadecimal notation. */
  tos?: string;
  /** Seconds until it gives up. */
  deadlineS?: number;
}

export interface PingReport {
  /** Whether as many as asked for came back: ping(8) sends on until they have. */
  answered: boolean;
  sent: number;
  received: number;
  /** Errors that came back: who sent them, and what they say. */
  errors: { from: string; text: string }[];
  output: string;
}

const IP_AND_ICMP_BYTES = 28;

/**
 * Of what ping printed without -q: sequence numbers without an answer before the last that has one, which are lost for
 * certain, and how many have one. It does not wait for the last ones for as long as a busy machine may take.
 */
export function answeredAndLost(output: string): { answered: number; lost: number[] } {
  const seen = new Set(
    [...output.matchAll(/bytes from .*icmp_seq=(\d+)/g)].map(([, number]) => Number(number)),
  );
  const last = Math.max(0, ...seen);
  const all = Array.from({ length: last }, (_, i) => i + 1);
  return { answered: seen.size, lost: all.filter((number) => !seen.has(number)) };
}

/** Sends echo requests until `count` are answered, one draws an error, or the deadline passes. Never rejects on loss. */
export async function ping(from: LabNode, to: string, options: PingOptions = {}): Promise<PingReport> {
  const { size = 84, df, count = 2, deadlineS = 10, ttl, tos } = options;
  // What was learnt of path MTUs before: the kernel would refuse by itself what this is to ask the network.
  if (df === true) await from.run(['ip', 'route', 'flush', 'cache']);
  const argv = ['ping', '-n', '-c', String(count), '-i', '0.02', '-w', String(deadlineS)];
  argv.push('-s', String(size - IP_AND_ICMP_BYTES), '-M', df === true ? 'do' : 'dont');
  if (options.from !== undefined) argv.push('-I', options.from);
  if (ttl !== undefined) argv.push('-t', String(ttl));
  if (tos !== undefined) argv.push('-Q', tos);
  const { stdout, stderr } = await from.run([...argv, to], {
    check: false,
    deadlineMs: (deadlineS + 10) * 1000,
  });
  const output = stdout + stderr;
  const totals = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  return {
    answered: Number(totals?.[2] ?? 0) >= count,
    sent: Number(totals?.[1] ?? 0),
    received: Number(totals?.[2] ?? 0),
    errors: [...output.matchAll(/^From (\S+) icmp_seq=\d+ (.+)$/gm)].map(([, sender = '', text = '']) => ({
      from: sender,
      text,
    })),
    output,
  };
}
