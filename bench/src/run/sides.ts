// Sides that are made one after the other: when one cannot be made, those before it are taken away.
import type { Side } from '../benchmark.js';

export async function makeSides<S extends Side>(makers: readonly (() => Promise<S>)[]): Promise<S[]> {
  const sides: S[] = [];
  try {
    for (const make of makers) sides.push(await make());
    return sides;
  } catch (error) {
    await Promise.all(sides.map((side) => side.close()));
    throw error;
  }
}
