// What the data plane shows of flows, and of their export.
import { z } from 'zod';

export const flowReportSchema = z.object({
  /** It comes in by. */
  interface: z.string(),
  vrf: z.string(),
  /** Its first packet left by; null for the box itself, and where no route led on. */
  egress_interface: z.string().nullable(),
  src: z.string(),
  dst: z.string(),
  protocol: z.number(),
  tos: z.number(),
  /** 0 of protocols that have none, and of later fragments. */
  src_port: z.number(),
  dst_port: z.number(),
  /** Type << 8 | code; null of other protocols. */
  icmp: z.number().nullable(),
  tcp_flags: z.number(),
  packets: z.number(),
  /** With IP headers. */
  octets: z.number(),
  first_ms: z.number(),
  last_ms: z.number(),
});

export const collectorReportSchema = z.object({
  host: z.string(),
  port: z.number(),
  vrf: z.string(),
  /** Messages given to Linux, and data records in them. */
  messages: z.number(),
  records: z.number(),
  /** Records that were not sent, or whose datagram was refused on its way. */
  lost_records: z.number(),
  problem: z.string().nullable(),
});

export const flowsReportSchema = z.object({
  /** The largest first. */
  flows: z.array(flowReportSchema),
  total: z.number(),
  max_flows: z.number(),
  /** Packets of flows that found the table full. */
  not_metered: z.number(),
  collectors: z.array(collectorReportSchema),
});

export type FlowReport = z.output<typeof flowReportSchema>;
export type CollectorReport = z.output<typeof collectorReportSchema>;
export type FlowsReport = z.output<typeof flowsReportSchema>;
