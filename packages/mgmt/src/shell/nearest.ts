// The word that somebody meant who typed another one.

/** Letters that are wrong, missing, too many or swapped with the next: one in a short word, two in a longer one. */
const SHORT = 4;

/** `, perhaps "show"`: the known word that differs least from what was typed; empty where none is near. */
export function perhaps(typed: string, known: readonly string[]): string {
  const most = typed.length <= SHORT ? 1 : 2;
  let nearest = '';
  let least = most + 1;
  for (const word of known) {
    if (Math.abs(word.length - typed.length) >= least) continue;
    const apart = distance(typed, word);
    if (apart < least) [nearest, least] = [word, apart];
  }
  return nearest === '' ? '' : `, perhaps "${nearest}"`;
}

/** Letters to change, to put in, to take out and neighbours to swap, to make one word of the other (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1)];
      if (swapped) ways.push(before[j - 2]! + 1);
      row.push(Math.min(...ways));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
