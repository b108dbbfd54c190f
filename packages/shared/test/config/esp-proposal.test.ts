import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  childAlwaysEsn,
  childEspProposals,
  espAeadNames,
  espCipherNames,
  espIntegrityNames,
  espKeyExchangeNames,
  espProposalFault,
  INTEROPERABLE_ESP_PROPOSALS,
} from '../../src/index.js';

describe('ESP proposals', () => {
  const exchange = fc.subarray([...espKeyExchangeNames]);
  const esn = fc.subarray(['esn', 'noesn']);
  const ciphers = fc.oneof(
    fc.subarray([...espAeadNames], { minLength: 1 }),
    fc
      .tuple(
        fc.subarray([...espCipherNames], { minLength: 1 }),
        fc.subarray([...espIntegrityNames], { minLength: 1 }),
      )
      .map((parts) => parts.flat()),
  );

  it('are accepted in every combination that authenticates', () => {
    fc.assert(
      fc.property(ciphers, exchange, esn, (...parts) => {
        assert.equal(espProposalFault(parts.flat().join('-')), null);
      }),
    );
  });

  const wrong: [string, RegExp][] = [
    ['3des-sha256', /"3des" is not: a cipher of aes128gcm8, .*aes256ctr, null with one of sha256, .*x25519/],
    ['aes128ccm16', /"aes128ccm16" is not/],
    ['default', /"default" is not/],
    ['', /"" is not/],
    ['aes128-', /"" is not/],
    ['AES128-sha256', /"AES128" is not/],
    ['x25519', /^must name a cipher/],
    ['aes128', /because aes128 has none of its own: add one of sha256, sha384, sha512, sha1$/],
    ['null-x25519', /because null has none/],
    ['aes128gcm16-sha256', /^must be without sha256: aes128gcm16 authenticates by itself$/],
    ['aes128gcm16-aes128-sha256', /^must be two proposals/],
    ['aes128-aes128-sha1', /^must name aes128 once$/],
  ];
  for (const [proposal, sentence] of wrong) {
    it(`are refused: "${proposal}"`, () => assert.match(espProposalFault(proposal) ?? '', sentence));
  }

  it('of the interoperable list are of full strength, and stand for the word', () => {
    for (const proposal of INTEROPERABLE_ESP_PROPOSALS) {
      assert.equal(espProposalFault(proposal), null);
      assert.doesNotMatch(proposal, /null|gmac|gcm8|gcm12/);
    }
    assert.deepEqual(childEspProposals({ esp_proposals: ['aes128gcm16', 'interoperable'] }), [
      'aes128gcm16',
      ...INTEROPERABLE_ESP_PROPOSALS,
    ]);
  });

  it('say what the child says of extended sequence numbers', () => {
    const of = (proposals: string[], esn?: 'no' | 'prefer' | 'require') => ({
      esp_proposals: proposals,
      ...(esn === undefined ? {} : { esn }),
    });
    assert.deepEqual(childEspProposals(of(['aes128gcm16'], 'prefer')), ['aes128gcm16-esn-noesn']);
    assert.deepEqual(childEspProposals(of(['aes128gcm16'], 'no')), ['aes128gcm16-noesn']);
    assert.equal(childAlwaysEsn(of(['aes128gcm16', 'interoperable'], 'require')), true);
    assert.equal(childAlwaysEsn(of(['aes128gcm16'], 'prefer')), false);
    assert.equal(childAlwaysEsn(of(['aes128gcm16-esn'])), true);
    assert.equal(childAlwaysEsn(of(['aes128gcm16-esn', 'aes256gcm16'])), false);
    assert.equal(childAlwaysEsn(of(['aes128gcm16-esn-noesn'])), false);
  });
});
