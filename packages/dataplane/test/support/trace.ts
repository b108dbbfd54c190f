import type { TraceFilter } from '@sluice/shared';
import type { Tracer } from '../../src/graph/tracer.js';

/** Has one worker follow packets, and choose them. */
export function startTrace(tracer: Tracer, filter: TraceFilter, interfaceRow: number): void {
  tracer.prepare(filter, interfaceRow);
  tracer.choosing(filter.count);
}
