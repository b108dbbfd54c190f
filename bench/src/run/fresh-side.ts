// A side that is a new program every round: what it measures happens once in its life.
import type { Side } from '../benchmark.js';

export function freshSide(name: string, make: () => Side): Side {
  return {
    name,
    async round() {
      const side = make();
      try {
        return await side.round();
      } finally {
        await side.close();
      }
    },
    async close() {},
  };
}
