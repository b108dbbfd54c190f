// A line of charon's log, as VICI's event `log` has it.
import { text, type ViciSection } from '../vici/index.js';

export interface LogLine {
  at_ms: number;
  group: string;
  /** Null while the IKE_SA has none, and for lines of no IKE_SA. */
  connection: string | null;
  unique_id: string | null;
  message: string;
}

export function logLine(message: ViciSection, at: number): LogLine {
  const connection = text(message, 'ikesa-name') ?? null;
  return {
    at_ms: at,
    group: text(message, 'group') ?? '',
    // An IKE_SA whose connection is not known yet.
    connection: connection === '(unnamed)' ? null : connection,
    unique_id: text(message, 'ikesa-uniqueid') ?? null,
    message: text(message, 'msg') ?? '',
  };
}
