// What the keys of a connection mean together: what of one needs another, and what excludes it.
import { ipFamily } from '../net/ip.js';
import { espProposalEsn } from './esp-proposal.js';
import type { ConnectionSection } from './ike.js';
import { ANY_ADDRESS, remoteAuth, showsCertificate } from './ike-auth.js';
import { WINDOW_MAX_WITH_TWO_KEYS } from './ike-child-parts.js';
import { ANY_IDENTITY } from './ike-identity.js';
import { ike1ProposalFault, ikeProposals, weakAlgorithms } from './ike-proposal.js';

type Report = (path: (string | number)[], message: string) => void;

export function checkConnection(connection: ConnectionSection, report: Report): void {
  checkEnds(connection, report);
  checkKey(connection, report);
  checkLocal(connection, report);
  checkRemote(connection, report);
  if (connection.version === 1) checkVersion1(connection, report);
  else checkVersion2(connection, report);
  checkAddresses(connection, report);
  checkDetection(connection, report);
  checkTunnels(connection, report);
}

function checkEnds({ local, remote, start }: ConnectionSection, report: Report): void {
  if (local.id === ANY_IDENTITY) report(['local', 'id'], 'must be one identity: only the peer may be anyone');
  if (local.address === ANY_ADDRESS && local.id === undefined && !showsCertificate(local))
    report(['local', 'id'], 'is missing: an address that is not known before is no identity');
  if (remote.address === ANY_ADDRESS) {
    if (start !== 'respond')
      report(['start'], 'must be respond: a peer that may be anywhere can only call us');
    return;
  }
  if (local.address === ANY_ADDRESS || ipFamily(local.address) === ipFamily(remote.address)) return;
  report(['remote', 'address'], `must be of the same address family as the local address ${local.address}`);
}

function checkKey({ local, remote, psk }: ConnectionSection, report: Report): void {
  const needed = local.auth === 'psk' || remoteAuth(remote) === 'psk';
  if (needed && psk === undefined)
    report(
      ['psk'],
      `is missing: ${local.auth === 'psk' ? 'local.auth' : 'remote.auth'} is psk; name the file of the pre-shared key, or set auth and ca for certificates`,
    );
  if (!needed && psk !== undefined) report(['psk'], 'is of no use: neither end authenticates by it');
}

function checkLocal({ local, remote, start }: ConnectionSection, report: Report): void {
  for (const key of ['certificate', 'private_key'] as const) {
    if (showsCertificate(local) && local[key] === undefined)
      report(['local', key], `is missing: local.auth is ${local.auth}`);
    if (!showsCertificate(local) && local[key] !== undefined)
      report(['local', key], `is of no use: local.auth is ${local.auth}`);
  }
  const eap = local.auth.startsWith('eap-');
  if (!eap && local.eap !== undefined) report(['local', 'eap'], `is of no use: local.auth is ${local.auth}`);
  if (local.auth === 'eap-mschapv2' && local.eap?.password === undefined)
    report(['local', 'eap'], 'is missing: eap-mschapv2 needs a name and a password');
  if (local.auth === 'eap-tls' && local.eap?.password !== undefined)
    report(['local', 'eap', 'password'], 'is of no use: eap-tls has the private key');
  if (!eap) return;
  if (start === 'respond') report(['start'], `must be initiate or on-traffic: ${local.auth} is for clients`);
  if (remoteAuth(remote) !== 'certificate')
    report(
      ['remote', 'auth'],
      `must be certificate: ${local.auth} gives its answers to nobody who has not shown one (RFC 7296 section 2.16)`,
    );
}

function checkRemote({ remote }: ConnectionSection, report: Report): void {
  if (remoteAuth(remote) === 'certificate') {
    if (remote.ca === undefined && remote.certificate === undefined)
      report(
        ['remote', 'ca'],
        'is missing: name the authorities that the peer may have its certificate from',
      );
    if (remote.ca !== undefined && remote.certificate !== undefined)
      report(['remote', 'certificate'], 'must be left out beside ca: one certificate needs no authority');
  } else {
    for (const key of ['ca', 'certificate', 'crl'] as const)
      if (remote[key] !== undefined) report(['remote', key], 'is of no use: remote.auth is psk');
  }
  if (remote.revocation === 'strict' && remote.crl === undefined)
    report(['remote', 'crl'], 'is missing: with revocation strict no peer is accepted without a list');
}

function checkVersion1(connection: ConnectionSection, report: Report): void {
  const { local, remote, proposals, children, mobike } = connection;
  if (mobike) report(['mobike'], 'is of IKEv2: a peer of IKEv1 is called anew from another address');
  if (local.auth.startsWith('eap-'))
    report(['local', 'auth'], 'must be psk or certificate: IKEv1 has no EAP; its passwords are xauth');
  else if (local.auth !== remoteAuth(remote))
    report(['remote', 'auth'], `must be ${local.auth}: in IKEv1 both ends authenticate in the same way`);
  proposals?.forEach((proposal, i) => {
    const fault = ike1ProposalFault(proposal);
    if (fault !== null) report(['proposals', i], fault);
  });
  children.forEach((child, i) => {
    for (const key of ['local_ts', 'remote_ts'] as const)
      if ((child[key]?.length ?? 0) > 1)
        report(
          ['children', i, key],
          'must be one selector: IKEv1 has no more in an SA; write several children, each with a tunnel',
        );
    const esn = child.esn !== undefined && child.esn !== 'no';
    if (esn) report(['children', i, 'esn'], 'must be no: IKEv1 has no extended sequence numbers');
    if (child.esp_proposals === undefined && child.replay_window > WINDOW_MAX_WITH_TWO_KEYS)
      report(
        ['children', i, 'replay_window'],
        `must be at most ${WINDOW_MAX_WITH_TWO_KEYS}, or esp_proposals of AES-GCM alone: what is proposed by default has two keys`,
      );
    child.esp_proposals?.forEach((proposal, j) => {
      if (['always', 'perhaps'].includes(espProposalEsn(proposal)))
        report(['children', i, 'esp_proposals', j], 'must be without esn, which IKEv1 has not');
    });
  });
}

function checkVersion2(
  { aggressive, local, remote, mobike, children }: ConnectionSection,
  report: Report,
): void {
  if (mobike && children.some(({ mode }) => mode === 'transport'))
    report(['mobike'], 'is for children in tunnel mode (RFC 4555 section 1.3): leave it out');
  if (aggressive) report(['aggressive'], 'is of IKEv1: IKEv2 needs nothing of the kind');
  for (const [key, end] of Object.entries({ local, remote }))
    if (end.xauth !== undefined)
      report([key, 'xauth'], 'is of IKEv1: IKEv2 has local.auth eap-mschapv2 for names and passwords');
}

function checkAddresses(connection: ConnectionSection, report: Report): void {
  const { request_addresses: requested, assign_addresses: assigned, assign_dns, start } = connection;
  if (requested !== undefined && assigned !== undefined)
    report(['assign_addresses'], 'must be left out beside request_addresses: one end has the addresses');
  if (requested !== undefined && start === 'respond')
    report(['request_addresses'], 'is of the end that calls: set start to initiate or on-traffic');
  if (assign_dns !== undefined && assigned === undefined)
    report(['assign_dns'], 'goes with assign_addresses only');
}

function checkDetection(connection: ConnectionSection, report: Report): void {
  const { detect_failure_within_s: within, dpd_delay_s: delay } = connection;
  if (within !== undefined && delay !== undefined)
    report(['dpd_delay_s'], 'must be left out where detect_failure_within_s is given, which decides it');
}

function checkTunnels({ children }: ConnectionSection, report: Report): void {
  children.forEach(({ tunnel }, i) => {
    const first = children.findIndex((child) => child.tunnel === tunnel);
    if (first < i)
      report(
        ['children', i, 'tunnel'],
        `serves child "${children[first]?.name}" already, and sends by one SA: give each child a tunnel of its own`,
      );
  });
}

/** Sentences about what is allowed but unwise. */
export function connectionWarnings(connection: ConnectionSection): string[] {
  const { name, aggressive } = connection;
  const weak = weakAlgorithms(ikeProposals(connection));
  return [
    ...(aggressive
      ? [
          `Connection ${name} uses aggressive mode, which shows identities and a hash of the pre-shared key to whoever asks: use main mode, or IKEv2, as soon as the peer can.`,
        ]
      : []),
    ...(weak.length > 0
      ? [
          `Connection ${name} allows ${weak.join(', ')} for IKE, which RFC 8247 advises against: take it out of proposals as soon as the peer can do without.`,
        ]
      : []),
  ];
}
