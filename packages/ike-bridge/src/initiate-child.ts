// An attempt to bring a child up, with the reason when it fails.
import type { IkeState } from '@sluice/shared';
import { explainFailure, type Target } from './charon/index.js';
import { initiate, type ViciClient, ViciError } from './vici/index.js';

/** charon's own retransmissions take 29 s until it gives up; another attempt follows. */
const INITIATE_MS = 32_000;
/** charon fails an attempt to make a CHILD_SA that is there already: what was asked for is so. */
const DUPLICATE = /not establishing CHILD_SA .* due to existing duplicate/;
const INSIDE = /^generating CREATE_CHILD_SA request /;
const REFUSED = /^received \w+ notify, no CHILD_SA built/;

export interface FailedAttempt {
  /** Why, as a sentence for the operator. */
  reason: string;
  /** Whether the peer has refused it inside an IKE_SA that was there already. */
  refusedInside: boolean;
}

/** Null when the child is up. */
export async function attemptChild(
  vici: ViciClient,
  desired: IkeState,
  target: Target,
): Promise<FailedAttempt | null> {
  const lines: string[] = [];
  try {
    await vici.dedicated((own) =>
      initiate(own, {
        ike: target.connection,
        child: target.child,
        timeoutMs: INITIATE_MS,
        onLog: ({ message }) => void lines.push(message),
      }),
    );
    return null;
  } catch (error) {
    if (!(error instanceof ViciError)) throw error;
    if (lines.some((line) => DUPLICATE.test(line))) return null;
    const connection = desired.connections.find(({ name }) => name === target.connection);
    return {
      reason: explainFailure([...lines, error.message], connection)?.sentence ?? error.message,
      refusedInside: [INSIDE, REFUSED].every((what) => lines.some((line) => what.test(line))),
    };
  }
}

/** Null when the child is up; else why not, as a sentence for the operator. */
export async function initiateChild(
  vici: ViciClient,
  desired: IkeState,
  target: Target,
): Promise<string | null> {
  return (await attemptChild(vici, desired, target))?.reason ?? null;
}
