// Each usual failure as strongSwan 5.9 words it, and the sentence that an operator reads: who has what, and what to do.
import assert from 'node:assert/strict';
import { explainFailure, type FailureKind } from '../../src/charon/index.js';
import { connection } from './fixtures.js';

const psk = connection();
const certified = connection({
  psk: undefined,
  local: {
    address: '192.0.2.1',
    id: 'a.example',
    auth: 'certificate',
    certificate: { file: '/c' },
    private_key: { file: '/k' },
  },
  remote: { address: '192.0.2.2', id: 'b.example', ca: [{ file: '/ca' }] },
});
const eap = connection({
  psk: undefined,
  local: {
    address: '192.0.2.1',
    auth: 'eap-mschapv2',
    eap: { username: 'shop-17', password: { file: '/p' } },
  },
  remote: { address: '192.0.2.2', id: 'b.example', ca: [{ file: '/ca' }] },
});
const subject = 'C=CH, O=Example, CN=b.example';
const looked = `checking certificate status of "${subject}"`;

const cases: [string, FailureKind, string[], RegExp, typeof psk?][] = [
  [
    'a revoked certificate',
    'certificate',
    [
      looked,
      'certificate was revoked on Nov 01 10:00:00 UTC 2026, reason: key compromise',
      "no trusted ECDSA public key found for 'b.example'",
    ],
    /^The certificate of the peer, C=CH, O=Example, CN=b\.example, was revoked on Nov 01 10:00:00 UTC 2026 \(key compromise\): the peer needs another one\.$/,
  ],
  [
    'an expired certificate',
    'certificate',
    ['subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)'],
    /valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021, and not now: it has to be renewed, or a clock is/,
  ],
  [
    'an unknown issuer',
    'certificate',
    [`no issuer certificate found for "${subject}"`],
    /who issued the certificate C=CH, O=Example, CN=b\.example: add that authority to remote\.ca/,
  ],
  [
    'no revocation list, where one is a must',
    'certificate',
    [looked, 'certificate status is not available'],
    /speaks of the certificate of the peer, C=CH, O=Example, CN=b\.example, which revocation strict asks for/,
  ],
  [
    'a certificate for somebody else',
    'certificate',
    ["no trusted RSA public key found for 'b.example'"],
    /showed no RSA certificate for b\.example that an authority of remote\.ca has issued: compare remote\.id/,
  ],
  [
    'no private key of ours',
    'certificate',
    ["no private key found for 'a.example'"],
    /This side has no private key for a\.example: compare local\.id, local\.certificate and local\.private_key/,
  ],
  [
    'a name or password that EAP refuses',
    'authentication',
    ['received EAP_FAILURE, EAP authentication failed'],
    /^The peer refused the name shop-17 or its password: compare local\.eap/,
    eap,
  ],
  [
    'a name or password that XAuth refuses',
    'authentication',
    ["XAuth authentication of 'branch' (myself) failed"],
    /^The peer refused the name branch or its password: compare local\.xauth/,
  ],
  [
    'no key for these identities',
    'authentication',
    ["no shared key found for 'a.example' - 'c.example'"],
    /no pre-shared key for a\.example and c\.example: the identities of the two sides do not match those configured/,
  ],
  [
    'keys that differ',
    'authentication',
    ["tried 2 shared keys for 'a.example' - 'b.example', but MAC mismatched"],
    /keys of a\.example and b\.example differ: put the same one on both sides/,
  ],
  [
    'a peer that refuses our key',
    'authentication',
    ['received AUTHENTICATION_FAILED notify error'],
    /its pre-shared key or the identities differ\. This side has identities a\.example \(local\), b\.example \(remote\)/,
    psk,
  ],
  [
    'a peer that refuses our certificate',
    'authentication',
    ['received AUTHENTICATION_FAILED notify error'],
    /it does not trust our certificate, or the identities differ/,
    certified,
  ],
  [
    'a call from an address that no connection has',
    'no-connection',
    ['no IKE config found for 192.0.2.1...198.51.100.9, sending NO_PROPOSAL_CHOSEN'],
    /198\.51\.100\.9 called, but no connection has local address 192\.0\.2\.1 and remote address 198\.51\.100\.9/,
  ],
  [
    'a call with identities that no connection has',
    'no-connection',
    ['no matching peer config found'],
    /identities that no connection has\. This side has identity a\.example\./,
    psk,
  ],
  [
    'IKE proposals of the peer',
    'proposal',
    ['received proposals unacceptable'],
    /algorithms for IKE that this side does not allow\. This side has the IKE proposals aes256gcm16-prfsha384-x25519/,
    psk,
  ],
  [
    'ESP proposals of the peer',
    'proposal',
    ['no acceptable proposal found'],
    /algorithms for ESP that this side does not allow\. This side has the ESP proposals aes256gcm16/,
    psk,
  ],
  [
    'our IKE proposals',
    'proposal',
    ['received NO_PROPOSAL_CHOSEN notify error'],
    /allows none of the IKE proposals, or has no connection for this address\. This side has the IKE proposals aes/,
    psk,
  ],
  [
    'our ESP proposals',
    'proposal',
    ['received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built'],
    /allows none of the ESP proposals\. This side has the ESP proposals aes256gcm16/,
    psk,
  ],
  [
    'our ESP proposals with their key exchange',
    'proposal',
    [
      'generating CREATE_CHILD_SA request 7 [ SA No KE TSi TSr ]',
      'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built',
    ],
    /allows none of the ESP proposals\. .+ a common one, with the same key exchange for ESP \(PFS\) or with none\.$/,
    psk,
  ],
  [
    'our proposals, in IKEv1',
    'proposal',
    ['received NO_PROPOSAL_CHOSEN error notify'],
    /allows none of the proposals\. This side has the IKE proposals .+ This side has the ESP proposals .+ in IKEv1 with/,
    psk,
  ],
  [
    'selectors of the peer',
    'traffic-selector',
    ['traffic selectors 10.1.0.0/24 === 10.2.0.0/24 unacceptable'],
    /asked for traffic between 10\.1\.0\.0\/24 here and 10\.2\.0\.0\/24 there, which no child allows/,
  ],
  [
    'our selectors',
    'traffic-selector',
    ['received TS_UNACCEPTABLE notify, no CHILD_SA built'],
    /does not accept the traffic selectors\. This side has the selectors 10\.1\.0\.0\/24 === 10\.2\.0\.0\/16\. Make/,
    connection({
      children: [{ name: 'net', tunnel: 'tun0', local_ts: ['10.1.0.0/24'], remote_ts: ['10.2.0.0/16'] }],
    }),
  ],
  [
    'a data plane that does not take it',
    'install',
    ['unable to install inbound and outbound IPsec SA (SAD) in kernel'],
    /could not be handed to the data plane: look for its reason in the IKE bridge log/,
  ],
  [
    'silence',
    'no-response',
    ['giving up after 5 retransmits'],
    /^192\.0\.2\.2 does not answer: check that it is reachable and that UDP ports 500 and 4500 are open on the way\.$/,
    psk,
  ],
];

describe('the sentence for', () => {
  for (const [what, kind, lines, sentence, of] of cases) {
    it(what, () => {
      // Between what charon says at any time, and in any order.
      const noise = 'sending packet: from 192.0.2.1[500] to 192.0.2.2[500] (240 bytes)';
      for (const said of [lines, [noise, ...lines], [...lines, noise]]) {
        const failure = explainFailure(said, of);
        assert.equal(failure?.kind, kind);
        assert.match(failure.sentence, sentence);
      }
    });
  }
});
