// Flows and their export, as metrics.
import type { CollectorReport, FlowsReport } from '@sluice/shared';

type Samples = readonly [Record<string, string>, number][];

export type FlowFigures = Omit<FlowsReport, 'flows'>;

export interface FlowPage {
  counter(name: string, help: string, samples: Samples): void;
  gauge(name: string, help: string, samples: Samples): void;
}

export function addFlows(page: FlowPage, figures: FlowFigures): void {
  page.gauge('sluice_flows', 'Flows that are metered at the moment', [[{}, figures.total]]);
  page.gauge('sluice_flows_limit', 'Flows that can be', [[{}, figures.max_flows]]);
  page.counter('sluice_flows_not_metered_packets_total', 'Packets of flows that found the table full', [
    [{}, figures.not_metered],
  ]);
  const each = (value: (collector: CollectorReport) => number): Samples =>
    figures.collectors.map((collector) => [
      { collector: `${collector.host} ${collector.port}`, vrf: collector.vrf },
      value(collector),
    ]);
  page.counter(
    'sluice_ipfix_messages_total',
    'Messages sent to a collector',
    each(({ messages }) => messages),
  );
  page.counter(
    'sluice_ipfix_records_total',
    'Data records in them',
    each(({ records }) => records),
  );
  page.counter(
    'sluice_ipfix_lost_records_total',
    'Data records that were not sent, or whose datagram was refused on its way',
    each(({ lost_records: lost }) => lost),
  );
}
