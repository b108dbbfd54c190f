// GRE and IPIP tunnels in the table that workers read, and in the index by which received packets find theirs.
import type { TunnelSection } from '@sluice/shared';
import type { HashU32Writer } from '../tables/hash-u32.js';
import { POLICY_DF_COPY, POLICY_DSCP, POLICY_ECN } from '../tables/security-associations.js';
import {
  addWord,
  TUNNEL_FAMILY,
  TUNNEL_GRE,
  TUNNEL_IPIP,
  TUNNEL_IPSEC,
  TUNNEL_KEY,
  TUNNEL_KEYED,
  TUNNEL_KIND,
  TUNNEL_LOCAL,
  TUNNEL_POLICY,
  TUNNEL_PROTECT,
  TUNNEL_REMOTE,
  TUNNEL_SHIFT,
  TUNNEL_WORDS,
  tunnelHash,
} from '../tables/tunnels.js';
import { type IpWords, ipWords } from './ip-words.js';

/** What a tunnel's own header takes over: DF as RFC 2003 section 3.1 has it, DSCP and ECN as RFC 6040. */
const POLICY = POLICY_DSCP | POLICY_ECN | POLICY_DF_COPY;

export class Tunnels {
  private readonly words: Int32Array;
  /** Keys in the index, and what rows were written from, by interface row. */
  private readonly hashes = new Map<number, number>();
  private readonly written = new Map<number, string>();

  constructor(
    buffer: SharedArrayBuffer,
    private readonly index: HashU32Writer,
  ) {
    this.words = new Int32Array(buffer);
  }

  /** Writes the row of a tunnel interface that is new, or whose section has changed. Throws when it cannot be told from another. */
  set(row: number, section: TunnelSection, outerVrf: number): void {
    const { kind: name, local: from, remote: to, key: number, protect } = section;
    const text = JSON.stringify([name, from, to, number, protect, outerVrf]);
    if (this.written.get(row) === text) return;
    this.remove(row);
    const kind = section.kind === 'gre' ? TUNNEL_GRE : section.kind === 'ipip' ? TUNNEL_IPIP : TUNNEL_IPSEC;
    if (kind === TUNNEL_IPSEC || section.local === undefined || section.remote === undefined) return;
    const local = ipWords(section.local);
    const remote = ipWords(section.remote);
    const keyed = section.key === undefined ? 0 : 1;
    const key = (section.key ?? 0) | 0;
    const hash = hashOf(tunnelHash(kind, outerVrf, keyed, key), local, remote);
    if (this.index.lookup(hash) >= 0)
      throw new Error(`${section.name} cannot be told from another tunnel: give it another address or key`);
    const at = row << TUNNEL_SHIFT;
    this.words.set(local.words, at + TUNNEL_LOCAL);
    this.words.set(remote.words, at + TUNNEL_REMOTE);
    this.words[at + TUNNEL_FAMILY] = local.family;
    this.words[at + TUNNEL_KEYED] = keyed;
    this.words[at + TUNNEL_KEY] = key;
    this.words[at + TUNNEL_PROTECT] = section.protect === 'none' ? 0 : 1;
    this.words[at + TUNNEL_POLICY] = POLICY;
    Atomics.store(this.words, at + TUNNEL_KIND, kind);
    this.index.set(hash, row);
    this.hashes.set(row, hash);
    this.written.set(row, text);
  }

  /** Takes a tunnel out: no packet finds it any more, and none leaves by it but through a tunnel-mode SA. */
  remove(row: number): void {
    const hash = this.hashes.get(row);
    if (hash !== undefined) this.index.delete(hash);
    this.hashes.delete(row);
    this.written.delete(row);
    const at = row << TUNNEL_SHIFT;
    Atomics.store(this.words, at + TUNNEL_KIND, TUNNEL_IPSEC);
    this.words.fill(0, at, at + TUNNEL_WORDS);
  }
}

/** As nodes/tunnel-of.ts computes it of a received packet: its destination first, which is our address. */
function hashOf(start: number, local: IpWords, remote: IpWords): number {
  const count = local.family === 4 ? 1 : 4;
  let hash = start;
  for (const { words } of [local, remote]) {
    for (const word of words.slice(0, count)) hash = addWord(hash, word);
  }
  return hash;
}
