import { type ChildSaReport, type IkeSaReport, ikeBridgeContract } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { bytes, count, duration, spi } from '../output/units.js';
import { showSubject } from './show-subject.js';

function renderIkeSa(sa: IkeSaReport): string {
  const role = sa.initiator ? 'initiator' : 'responder';
  return [
    `${sa.name} #${sa.unique_id}: ${sa.state}, IKEv${sa.version}, ${role}, ${sa.algorithm}`,
    `  local   ${sa.local_address} (${sa.local_id})`,
    `  remote  ${sa.remote_address} (${sa.remote_id})`,
    `  established ${duration(sa.established_s)} ago, rekeyed in ${duration(sa.rekey_in_s)}`,
    ...(sa.local_vips.length > 0 ? [`  given to us    ${sa.local_vips.join(' ')}`] : []),
    ...(sa.remote_vips.length > 0 ? [`  given to it    ${sa.remote_vips.join(' ')}`] : []),
    ...sa.children.flatMap(renderChild),
  ].join('\n');
}

function renderChild(child: ChildSaReport): string[] {
  const transport = child.encap ? 'ESP in UDP' : 'ESP';
  return [
    `  ${child.name} #${child.unique_id}: ${child.state}, ${transport}, ${child.algorithm}, if_id ${child.if_id}`,
    `    ${child.local_ts.join(' ')} === ${child.remote_ts.join(' ')}`,
    `    installed ${duration(child.installed_s)} ago, rekeyed in ${duration(child.rekey_in_s)}`,
    `    in   ${spi(child.spi_in)}  ${count(child.packets_in)} packets, ${bytes(child.bytes_in)}`,
    `    out  ${spi(child.spi_out)}  ${count(child.packets_out)} packets, ${bytes(child.bytes_out)}`,
  ];
}

export function showIke(environment: Environment): Command {
  return showSubject(environment, {
    name: 'ike',
    summary: 'IKE_SAs and CHILD_SAs, as charon reports them',
    contract: ikeBridgeContract,
    request: 'show-ike',
    render: ({ ike_sas, problems }) => {
      const sas = ike_sas.length === 0 ? ['There are no IKE_SAs.'] : ike_sas.map(renderIkeSa);
      return `${[...sas, ...problems].join('\n\n')}\n`;
    },
  });
}
