// SAs that there is one too many of: both sides have initiated at once, or a side has restored what was still there.
// Both sides of a tunnel come to the same answer by what they share, so neither takes away what the other keeps.
import type { ChildSaReport, IkeSaReport } from '@sluice/shared';

export interface Surplus {
  /** For the operator: what it is, and why it goes. */
  sentence: string;
  selector: { ikeId: string } | { childId: string };
}

/** A rekeying or an authentication that makes before it breaks is through after this time, and what it replaces is gone. */
const SETTLED_S = 10;

/**
 * @param detectS by connection, the seconds within which charon gives a dead peer up; null when it never does. What has
 * been there for longer has a peer that has it too: nothing may be ended for the sake of an SA that only this side has.
 */
export function surplusSas(
  sas: readonly IkeSaReport[],
  detectS: (connection: string) => number | null,
): Surplus[] {
  const settled = ({ name }: IkeSaReport, ageS: number | null): boolean => {
    const detect = detectS(name);
    return detect !== null && (ageS ?? 0) >= detect + SETTLED_S;
  };
  const established = sas.filter(({ state }) => state === 'ESTABLISHED');
  const twins = new Map<string, Candidate[]>();
  for (const ike of established) {
    for (const child of ike.children) {
      if (child.state !== 'INSTALLED' || !settled(ike, child.installed_s)) continue;
      const key = JSON.stringify([peerOf(ike), child.name, child.local_ts, child.remote_ts]);
      twins.set(key, [...(twins.get(key) ?? []), { ike, child }]);
    }
  }
  const going = [...twins.values()].flatMap((group) => group.sort(bySpis).slice(1));
  const spare = established.filter((ike) => settled(ike, ike.established_s) && isSpare(ike, established));
  return [...going.map(endChild), ...spare.map(endSpare)];
}

interface Candidate {
  ike: IkeSaReport;
  child: ChildSaReport;
}

/** A connection may have many peers, some of them behind one address. */
function peerOf({ name, local_address, remote_address, remote_id }: IkeSaReport): string {
  return JSON.stringify([name, local_address, remote_address, remote_id]);
}

/** Inbound here is outbound there: the pair is the same on both sides. The greatest is first, and stays. */
function bySpis(a: Candidate, b: Candidate): number {
  const low = ({ child }: Candidate): number => Math.min(child.spi_in, child.spi_out);
  return low(b) - low(a);
}

function endChild({ ike, child }: Candidate): Surplus {
  const sentence = `CHILD_SA ${child.name} of ${ike.name} with SPIs ${hex(child.spi_in)} and ${hex(child.spi_out)} carried the same traffic as another one, and was ended.`;
  const alone = ike.children.length === 1;
  return { sentence, selector: alone ? { ikeId: ike.unique_id } : { childId: child.unique_id } };
}

/** An IKE_SA without CHILD_SAs, beside one of the same peer that has some. */
function isSpare(ike: IkeSaReport, all: readonly IkeSaReport[]): boolean {
  return (
    ike.children.length === 0 &&
    all.some((other) => other !== ike && other.children.length > 0 && peerOf(other) === peerOf(ike))
  );
}

function endSpare(ike: IkeSaReport): Surplus {
  return {
    sentence: `An IKE_SA of ${ike.name} without CHILD_SAs, beside one that has some, was ended.`,
    selector: { ikeId: ike.unique_id },
  };
}

const hex = (spi: number): string => spi.toString(16).padStart(8, '0');
