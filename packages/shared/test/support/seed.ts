// What tests that choose at random go by. It is the same in every run, so that what has passed passes again; SLUICE_SEED
// has them choose otherwise. mocha loads this before any test (.mocharc.json): fast-check goes by it too.
import fc from 'fast-check';

/** An integer from 0 to 2^31; tests show it in their titles. */
export const seed = Number(process.env.SLUICE_SEED ?? 1_592_653_589);

fc.configureGlobal({ seed });
