// Refused rekeyings in the words of strongSwan 5.9, and what an operator reads of them.
import assert from 'node:assert/strict';
import { type Refusal, RekeyRefusals, refusalSentence } from '../../src/charon/index.js';
import { connection } from './fixtures.js';

const ASKED = 'generating CREATE_CHILD_SA request 2 [ N(REKEY_SA) SA No KE TSi TSr ]';
const REFUSED = 'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built';
const WAS_ASKED = 'parsed CREATE_CHILD_SA request 0 [ N(REKEY_SA) SA No TSi TSr ]';
const OFFERED = 'received proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ';
const REFUSES = 'no acceptable proposal found';
const ANSWERS = 'generating CREATE_CHILD_SA response 0 [ N(NO_PROP) ]';

describe('refusals of rekeyings', () => {
  const heard = (...messages: string[]): Refusal[] => {
    const refusals = new RekeyRefusals();
    return messages.flatMap((message) => {
      const line = { at_ms: 0, group: 'IKE', connection: 'office', unique_id: '3', message };
      return refusals.heard(line) ?? [];
    });
  };
  const byPeer: Refusal = {
    ...{ connection: 'office', ikeId: '3', by: 'peer', notify: 'NO_PROPOSAL_CHOSEN' },
    ...{ withKeyExchange: true, theirs: null },
  };
  const byUs: Refusal = {
    ...{ connection: 'office', ikeId: '3', by: 'us', notify: null },
    ...{ withKeyExchange: false, theirs: 'ESP:AES_GCM_16_256/NO_EXT_SEQ' },
  };

  it('are those of the peer, and ours, also where both are under way', () => {
    const parsed = 'parsed CREATE_CHILD_SA response 2 [ N(NO_PROP) ]';
    assert.deepEqual(heard(ASKED, parsed, REFUSED, REFUSED), [byPeer]);
    assert.deepEqual(heard(WAS_ASKED, OFFERED, REFUSES, ANSWERS, REFUSES), [byUs]);
    assert.deepEqual(heard(ASKED, WAS_ASKED, OFFERED, REFUSES, ANSWERS, parsed, REFUSED), [byUs, byPeer]);
  });

  it('are none where a CHILD_SA is made that was not there, or of no known IKE_SA', () => {
    assert.deepEqual(
      heard(
        'generating CREATE_CHILD_SA request 7 [ SA No KE TSi TSr ]',
        REFUSED,
        WAS_ASKED,
        ANSWERS,
        REFUSES,
      ),
      [],
    );
    const line = { at_ms: 0, group: 'IKE', connection: null, unique_id: '3', message: ASKED };
    const refusals = new RekeyRefusals();
    assert.equal(refusals.heard(line), null);
    assert.equal(refusals.heard({ ...line, connection: 'office', message: REFUSED }), null);
  });

  it('are told apart by their IKE_SAs, and forgotten with charon', () => {
    const refusals = new RekeyRefusals();
    const line = { at_ms: 0, group: 'IKE', connection: 'office', unique_id: '3', message: ASKED };
    refusals.heard(line);
    assert.equal(refusals.heard({ ...line, unique_id: '4', message: REFUSED }), null);
    refusals.clear();
    assert.equal(refusals.heard({ ...line, message: REFUSED }), null);
  });

  const proposing = (...esp: string[]) =>
    connection({ children: [{ name: 'net', tunnel: 'tun0', esp_proposals: esp }] });
  const pfs = proposing('aes256gcm16-x25519', 'aes256-sha256-ecp384');
  const none = proposing('aes256gcm16');
  const offering = (theirs: string): Refusal => ({ ...byUs, theirs });
  const cases: [string, Refusal, typeof pfs, RegExp][] = [
    [
      'a peer without PFS that asks',
      byUs,
      pfs,
      /^office cannot be rekeyed: the peer asks for it without a key exchange \(no PFS\), and this side wants one\. This side has the ESP proposals aes256gcm16-x25519, aes256-sha256-ecp384, the peer ESP:AES_GCM_16_256\/NO_EXT_SEQ\. Have the peer use x25519 or ecp384 for ESP \(PFS\), or leave it out of esp_proposals here\. Until then/,
    ],
    [
      'a peer with PFS that asks, where this side has none',
      offering('ESP:AES_GCM_16_256/MODP_2048/NO_EXT_SEQ'),
      none,
      /asks for it with the key exchange modp2048 \(PFS\), and this side has none\. .+ Have this side use modp2048 for ESP \(PFS\), or switch PFS off at the peer\./,
    ],
    [
      'a peer with another group',
      offering(
        'ESP:AES_GCM_16_256/ECP_521/NO_EXT_SEQ, ESP:AES_CBC_256/HMAC_SHA2_256_128/CURVE_448/NO_EXT_SEQ',
      ),
      pfs,
      /key exchange ecp521 or x448 \(PFS\), and this side wants x25519 or ecp384\. .+ Give both sides a common one\./,
    ],
    [
      'a peer with other algorithms',
      offering('ESP:AES_CBC_128/HMAC_SHA1_96/CURVE_25519/NO_EXT_SEQ'),
      pfs,
      /the peer asks for algorithms that this side does not allow\. This side has/,
    ],
    [
      'a peer that refuses a key exchange',
      byPeer,
      pfs,
      /the peer refuses it with the key exchange x25519 or ecp384 \(NO_PROPOSAL_CHOSEN\): it has another, or none \(no PFS\)\. This side has the ESP proposals aes256gcm16-x25519, aes256-sha256-ecp384\. Have the peer use/,
    ],
    [
      'a peer that wants a key exchange',
      { ...byPeer, withKeyExchange: false },
      none,
      /the peer refuses it without a key exchange \(NO_PROPOSAL_CHOSEN\): it wants one \(PFS\), or other algorithms\. This side has the ESP proposals aes256gcm16\. Add the peer's group/,
    ],
    [
      'a peer with other selectors',
      { ...byPeer, notify: 'TS_UNACCEPTABLE' },
      pfs,
      /no longer accepts the traffic selectors \(TS_UNACCEPTABLE\)\. Make those of both sides mirror each other\./,
    ],
    [
      'a peer that rekeys nothing',
      { ...byPeer, notify: 'NO_ADDITIONAL_SAS' },
      pfs,
      /the peer refuses with NO_ADDITIONAL_SAS\. Its log says why\. Until then the peer is authenticated anew/,
    ],
  ];
  for (const [what, refusal, of, sentence] of cases)
    it(`have a sentence for ${what}`, () => assert.match(refusalSentence(refusal, of), sentence));
});
