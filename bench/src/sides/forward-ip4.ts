// The side of forward/ip4-…: a worker's whole graph between two memory ports.

import { Ip4Forwarding } from '../memory/ip4-forwarding.js';
import { measureBatches } from '../memory/measure.js';
import { readWorkload } from '../memory/workload.js';
import { serveRounds, sideArguments } from '../run/serve.js';

const { workload, quick } = sideArguments<{ workload: string; quick: boolean }>();
const forwarding = new Ip4Forwarding(readWorkload(workload));
await serveRounds(() => {
  const measured = measureBatches(forwarding, quick);
  return { ...measured, out: forwarding.out, sample: forwarding.sample() };
});
forwarding.close();
