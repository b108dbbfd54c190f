// What a benchmark builds before it measures: when a part cannot be made, or all is done, those made are taken away.

export interface Part {
  close(): Promise<void>;
}

/** Makes the parts one after the other, runs `body` with them, and closes them from the last to the first. */
export async function withParts<P extends Part, R>(
  makers: readonly (() => Promise<P>)[],
  body: (parts: P[]) => Promise<R>,
): Promise<R> {
  const parts: P[] = [];
  try {
    for (const make of makers) parts.push(await make());
    return await body(parts);
  } finally {
    for (const part of parts.reverse()) await part.close();
  }
}
