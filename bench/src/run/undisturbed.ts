// Rounds in which the core was at its full speed. A virtual machine's cores are shared with others: for seconds at a
// time all that runs on one takes half as long again. A fixed piece of work before and after each round says when.
import type { Round, Side } from '../benchmark.js';

/** What the fixed work may take beyond the least that it took. */
const TOLERANCE = 1.05;
/** Rounds that are tried for each that is wanted. */
const TRIES = 4;

/** A round of each side, and the slowest gauge around each. */
interface Turn {
  rounds: Round[];
  gauges: number[];
}

/**
 * Rounds of all sides in turn, `wanted` undisturbed ones of each after `warming` that do not count, as far as so many
 * come in four times as many turns; the least disturbed half of all where there are none to speak of. Closes the sides
 * and the gauge.
 */
export async function undisturbed(
  sides: readonly Side[],
  gauge: Side,
  warming: number,
  wanted: number,
): Promise<Round[][]> {
  const turns: Turn[] = [];
  try {
    for (let turn = -warming; turn < wanted * TRIES; turn++) {
      const done = await takeTurn(sides, gauge);
      if (turn < 0) continue;
      turns.push(done);
      if (turns.length >= wanted && choose(turns, wanted).every(({ length }) => length >= wanted)) break;
    }
  } finally {
    await Promise.all([...sides, gauge].map((side) => side.close()));
  }
  return choose(turns, wanted);
}

async function takeTurn(sides: readonly Side[], gauge: Side): Promise<Turn> {
  const turn: Turn = { rounds: [], gauges: [] };
  let before = (await gauge.round()).value;
  for (const side of sides) {
    turn.rounds.push(await side.round());
    const after = (await gauge.round()).value;
    turn.gauges.push(Math.max(before, after));
    before = after;
  }
  return turn;
}

/** Of each side the undisturbed rounds; at least half of those wanted, the least disturbed first. */
export function choose(turns: readonly Turn[], wanted: number): Round[][] {
  const limit = Math.min(...turns.flatMap(({ gauges }) => gauges)) * TOLERANCE;
  return turns[0]!.rounds.map((_, side) => {
    const byGauge = turns
      .map(({ rounds, gauges }) => ({ round: rounds[side]!, gauge: gauges[side]! }))
      .sort((a, b) => a.gauge - b.gauge);
    const steady = byGauge.filter(({ gauge }) => gauge <= limit).length;
    return byGauge.slice(0, Math.max(steady, Math.ceil(wanted / 2))).map(({ round }) => round);
  });
}
