/** Seed of this run's random tests, shown in their titles; set SLUICE_SEED to run the same again. */
export const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 0x7fffffff);
