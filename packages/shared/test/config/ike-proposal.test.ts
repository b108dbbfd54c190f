import assert from 'node:assert/strict';
import {
  ike1ProposalFault,
  ikeAeadNames,
  ikeCipherNames,
  ikeIntegrityNames,
  ikeKeyExchangeNames,
  ikePrfNames,
  ikeProposalFault,
  ikeProposals,
} from '../../src/index.js';

describe('an IKE proposal', () => {
  it('may be of everything that is offered by name', () => {
    const proposals = [
      ...ikeAeadNames.flatMap((aead) => ikePrfNames.map((prf) => `${aead}-${prf}-x25519`)),
      ...ikeCipherNames.flatMap((cipher) =>
        ikeIntegrityNames.map((integrity) => `${cipher}-${integrity}-ecp384`),
      ),
      ...ikeKeyExchangeNames.map((exchange) => `aes128gcm16-prfsha256-${exchange}`),
      'aes256-aes128-sha512-sha256-prfsha1-x25519-modp2048',
      'interoperable',
    ];
    for (const proposal of proposals) assert.equal(ikeProposalFault(proposal), null, proposal);
  });

  for (const [proposal, fault] of [
    [
      'des-md5-modp768',
      /"des" is not: a cipher of aes128gcm16, .* or one of aes128, .*; or the word interoperable$/,
    ],
    ['sha256-x25519', /^must name a cipher: /],
    ['aes128gcm16-x25519', /^must have a PRF, because aes128gcm16 brings none: add one of prfsha256, /],
    ['aes128gcm16-sha256-x25519', /^must be without sha256: .* name a PRF such as prfsha256/],
    ['aes128gcm16-aes128-prfsha256-sha256-x25519', /^must be two proposals/],
    ['aes128-x25519', /^must have an integrity algorithm/],
    ['aes128-sha256', /^must have a key exchange: add one of x25519, /],
    ['aes128-aes128-sha256-x25519', /^must name aes128 once$/],
    ['', /"" is not/],
  ] as const) {
    it(`is refused: ${proposal}`, () => {
      assert.match(ikeProposalFault(proposal) ?? 'none', fault);
    });
  }

  it('has fewer algorithms in IKEv1', () => {
    for (const proposal of ['aes256-sha384-ecp384', '3des-sha1-modp1024', 'camellia128-sha512-modp4096'])
      assert.equal(ike1ProposalFault(proposal), null);
    for (const proposal of [
      'aes128-sha256-x25519',
      'aes128ctr-sha256-modp2048',
      'aes128-sha256-prfsha1-ecp256',
    ])
      assert.match(
        ike1ProposalFault(proposal) ?? 'none',
        /^must be without (x25519|aes128ctr|prfsha1), which IKEv1/,
      );
  });

  it('of the default and of the interoperable list is one that can be done', () => {
    for (const version of [1, 2] as const)
      for (const proposals of [undefined, ['interoperable']])
        for (const proposal of ikeProposals({ version, proposals })) {
          assert.equal(ikeProposalFault(proposal), null, proposal);
          if (version === 1) assert.equal(ike1ProposalFault(proposal), null, proposal);
        }
  });
});
