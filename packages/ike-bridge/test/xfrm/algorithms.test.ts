import assert from 'node:assert/strict';
import type { EspCrypto, SaSpec } from '@sluice/shared';
import {
  EINVAL,
  ENOSYS,
  NLM_F_REQUEST,
  XFRM_MODE_TRANSPORT,
  XFRM_MSG,
  XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
  XFRM_STATE_AF_UNSPEC,
  XFRM_STATE_DECAP_DSCP,
  XFRM_STATE_NOECN,
  XFRM_STATE_NOPMTUDISC,
  XFRMA,
} from '../../src/xfrm/constants.js';
import { type Attribute, decodeAttributes, encodePayload } from '../../src/xfrm/netlink.js';
import { xfrmAlgo, xfrmAlgoAead, xfrmAlgoAuth, xfrmUsersaInfo } from '../../src/xfrm/sa-structs.js';
import { ANY_TRAFFIC, addressToXfrm, selectorOf } from '../../src/xfrm/selector.js';
import { encode, u32 } from '../../src/xfrm/struct.js';
import { Fixture } from './fixture.js';
import { byId, LOCAL, LOCAL6, PEER, PEER6, request } from './requests.js';

const SPI = 0xc0000001;
const key = (octets: number, fill = 0xab): Buffer => Buffer.alloc(octets, fill);

/** Attributes as charon writes them. */
const aead = (name: string, octets: number, icv: number): Attribute => ({
  type: XFRMA.ALG_AEAD,
  value: Buffer.concat([
    encode(xfrmAlgoAead, { alg_name: name, alg_key_len: octets * 8, alg_icv_len: icv }),
    key(octets),
  ]),
});
const crypt = (name: string, octets: number): Attribute => ({
  type: XFRMA.ALG_CRYPT,
  value: Buffer.concat([encode(xfrmAlgo, { alg_name: name, alg_key_len: octets * 8 }), key(octets)]),
});
const auth = (name: string, octets: number): Attribute => ({
  type: XFRMA.ALG_AUTH,
  value: Buffer.concat([encode(xfrmAlgo, { alg_name: name, alg_key_len: octets * 8 }), key(octets, 0xcd)]),
});
const authTrunc = (name: string, octets: number, icv: number): Attribute => ({
  type: XFRMA.ALG_AUTH_TRUNC,
  value: Buffer.concat([
    encode(xfrmAlgoAuth, { alg_name: name, alg_key_len: octets * 8, alg_trunc_len: icv }),
    key(octets, 0xcd),
  ]),
});

interface Sa {
  src?: string;
  dst?: string;
  over?: Partial<ReturnType<typeof xfrmUsersaInfo.read>>;
  attributes: Attribute[];
}

function newSa({ src = LOCAL, dst = PEER, over = {}, attributes }: Sa) {
  const info = xfrmUsersaInfo.read(Buffer.alloc(xfrmUsersaInfo.size), 0);
  const body = encode(xfrmUsersaInfo, {
    ...info,
    id: { daddr: addressToXfrm(dst), spi: SPI, proto: 50 },
    saddr: addressToXfrm(src),
    reqid: 1,
    family: dst.includes(':') ? 10 : 2,
    mode: 1,
    flags: XFRM_STATE_AF_UNSPEC,
    ...over,
  });
  const ifId = { type: XFRMA.IF_ID, value: encode(u32, 42) };
  return request(XFRM_MSG.NEWSA, encodePayload(body, [...attributes, ifId]));
}

describe('xfrm algorithms', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  /** Installs it, returns what the data plane got, and checks that GETSA answers with all that was given. */
  async function install(sa: Sa): Promise<SaSpec> {
    const message = newSa(sa);
    const given = Buffer.from(message.payload);
    assert.equal(await f.errno(message), 0, f.log.lines.join('\n'));
    assert.ok(
      message.payload.every((octet) => octet === 0),
      'the request was not wiped',
    );
    const [answer] = await f.xfrm.handle(byId(XFRM_MSG.GETSA, sa.dst ?? PEER, SPI, NLM_F_REQUEST));
    const before = xfrmUsersaInfo.read(given, 0);
    const after = xfrmUsersaInfo.read(answer!.payload, 0);
    assert.deepEqual({ ...after, curlft: before.curlft, lft: before.lft }, before);
    const [asked, answered] = [given, answer!.payload].map(
      (payload) => decodeAttributes(payload, xfrmUsersaInfo.size) ?? [],
    );
    for (const attribute of asked ?? [])
      assert.deepEqual(
        answered?.find(({ type }) => type === attribute.type),
        attribute,
      );
    const [spec] = f.sink.specs('out');
    assert.ok(spec !== undefined);
    return spec;
  }

  const hex = (octets: number, fill = 'ab'): string => fill.repeat(octets);
  const gcm = (bits: number, icv: number): [string, Attribute[], EspCrypto] => [
    `AES-GCM of ${bits} bits, ICV ${icv}`,
    [aead('rfc4106(gcm(aes))', bits / 8 + 4, icv)],
    {
      cipher: 'aes-gcm',
      key_hex: hex(bits / 8 + 4),
      integrity: 'none',
      integrity_key_hex: '',
      icv_bytes: (icv / 8) as 8 | 12 | 16,
    },
  ];
  const with1 = (cipher: EspCrypto['cipher'], octets: number): EspCrypto => ({
    cipher,
    key_hex: hex(octets),
    integrity: 'hmac-sha1',
    integrity_key_hex: hex(20, 'cd'),
    icv_bytes: 12,
  });
  const cbcWith = (
    integrity: EspCrypto['integrity'],
    octets: number,
    icv: EspCrypto['icv_bytes'],
  ): EspCrypto => ({
    ...with1('aes-cbc', 16),
    integrity,
    integrity_key_hex: hex(octets, 'cd'),
    icv_bytes: icv,
  });
  const single = (cipher: EspCrypto['cipher'], octets: number): EspCrypto => ({
    cipher,
    key_hex: hex(octets),
    integrity: 'none',
    integrity_key_hex: '',
    icv_bytes: 16,
  });
  const sha1 = auth('sha1', 20);
  const right: [string, Attribute[], EspCrypto][] = [
    ...[128, 192, 256].flatMap((bits) => [64, 96, 128].map((icv) => gcm(bits, icv))),
    ['AES-GMAC', [aead('rfc4543(gcm(aes))', 20, 128)], single('aes-gmac', 20)],
    ['ChaCha20-Poly1305', [aead('rfc7539esp(chacha20,poly1305)', 36, 128)], single('chacha20-poly1305', 36)],
    ['AES-CBC as charon names it', [crypt('aes', 24), sha1], with1('aes-cbc', 24)],
    ['AES-CBC as the kernel does', [crypt('cbc(aes)', 32), auth('hmac(sha1)', 20)], with1('aes-cbc', 32)],
    ['AES-CTR', [crypt('rfc3686(ctr(aes))', 36), sha1], with1('aes-ctr', 36)],
    ['NULL as charon names it', [crypt('cipher_null', 0), sha1], with1('null', 0)],
    ['NULL as the kernel does', [crypt('ecb(cipher_null)', 0), sha1], with1('null', 0)],
    ['HMAC-SHA1 with its length', [crypt('aes', 16), authTrunc('hmac(sha1)', 20, 96)], with1('aes-cbc', 16)],
    [
      'HMAC-SHA2-256',
      [crypt('aes', 16), authTrunc('hmac(sha256)', 32, 128)],
      cbcWith('hmac-sha2-256', 32, 16),
    ],
    ['HMAC-SHA2-384', [crypt('aes', 16), auth('hmac(sha384)', 48)], cbcWith('hmac-sha2-384', 48, 24)],
    ['HMAC-SHA2-512', [crypt('aes', 16), auth('hmac(sha512)', 64)], cbcWith('hmac-sha2-512', 64, 32)],
  ];
  for (const [what, attributes, crypto] of right) {
    it(`are handed on, and given back as they came: ${what}`, async () => {
      assert.deepEqual((await install({ attributes })).crypto, crypto);
    });
  }

  const wrong: [string, Attribute[], RegExp | null][] = [
    ['3DES', [crypt('des3_ede', 24), sha1], /uses des3_ede of 192 bits with sha1 of 160 bits cut to 96/],
    ['AES-CCM', [aead('rfc4309(ccm(aes))', 19, 128)], /uses rfc4309\(ccm\(aes\)\) with 152 bits/],
    ['MD5', [crypt('aes', 16), auth('md5', 16)], /with md5 of 128 bits/],
    [
      'HMAC-SHA2-256 cut to 96',
      [crypt('aes', 16), auth('sha256', 32)],
      /sha256 of 256 bits cut to 96, which/,
    ],
    [
      'HMAC-SHA1 whole',
      [crypt('aes', 16), authTrunc('hmac(sha1)', 20, 160)],
      /hmac\(sha1\) of 160 bits cut to 160/,
    ],
    ['a cipher that nothing authenticates', [crypt('aes', 16)], /with no integrity algorithm/],
    ['authentication alone', [sha1], /uses no encryption with sha1/],
    ['a key of a wrong length', [aead('rfc4106(gcm(aes))', 21, 128)], /168 bits of key and salt/],
    ['an ICV of a wrong length', [aead('rfc4543(gcm(aes))', 20, 64)], /64 bits of ICV/],
    ['a name with control characters', [aead('gcm\x07', 20, 64)], /uses gcm\? with/],
    ['an AEAD with another integrity algorithm', [aead('rfc4106(gcm(aes))', 20, 128), sha1], null],
    ['nothing', [], null],
    [
      'a key shorter than it says',
      [{ type: XFRMA.ALG_CRYPT, value: crypt('aes', 16).value.subarray(0, 80) }, sha1],
      null,
    ],
  ];
  for (const [what, attributes, sentence] of wrong) {
    it(`are refused: ${what}`, async () => {
      assert.equal(await f.errno(newSa({ attributes })), sentence === null ? EINVAL : ENOSYS);
      assert.equal(f.sink.sas.size, 0);
      const log = f.log.lines.join('\n');
      if (sentence !== null) {
        assert.match(log, sentence);
        assert.match(log, /set esp_proposals at both ends to one of aes128gcm8, .*null with one of sha256/);
      }
      assert.doesNotMatch(log, /abababab|cdcdcdcd/, 'a key was logged');
    });
  }

  for (const [what, attributes] of [
    ['an AEAD', [aead('rfc4106(gcm(aes))', 0, 128)]],
    ['a cipher', [crypt('aes', 0), sha1]],
    ['an integrity algorithm', [crypt('aes', 16), auth('sha1', 0)]],
  ] as const) {
    it(`are refused without a key of ${what}, and the proposals are not blamed`, async () => {
      assert.equal(await f.errno(newSa({ attributes: [...attributes] })), EINVAL);
      const log = f.log.lines.join('\n');
      assert.match(log, /charon asked for SA .* without a key: two exchanges for one CHILD_SA collided/);
      assert.doesNotMatch(log, /proposals/);
      assert.equal(f.sink.sas.size, 0);
    });
  }

  it('have both their keys zeroed with the SA', async () => {
    await install({ attributes: [crypt('aes', 16), sha1] });
    const { key: first, integrityKey } = f.xfrm.sad.get({ dst: PEER, spi: SPI })!.crypto;
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, SPI)), 0);
    assert.ok([...first, ...integrityKey].every((octet) => octet === 0));
  });
});

describe('xfrm SAs of every kind', () => {
  const attributes = [aead('rfc4106(gcm(aes))', 20, 128)];
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  async function installed(sa: Omit<Sa, 'attributes'>, more: Attribute[] = []): Promise<SaSpec> {
    assert.equal(await f.errno(newSa({ ...sa, attributes: [...attributes, ...more] })), 0);
    return f.sink.specs('out')[0]!;
  }

  it('are between IPv6 addresses', async () => {
    const spec = await installed({ src: LOCAL6, dst: PEER6 });
    assert.deepEqual([spec.src, spec.dst, spec.mode, spec.selectors], [LOCAL6, PEER6, 'tunnel', null]);
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER6, SPI)), 0);
    assert.equal(f.sink.sas.size, 0);
  });

  it('are of transport mode, for the two hosts until a policy says more', async () => {
    const own = { ...ANY_TRAFFIC, src: `${LOCAL}/32`, dst: `${PEER}/32` };
    const spec = await installed({ over: { mode: XFRM_MODE_TRANSPORT, flags: 0, sel: selectorOf(own) } });
    assert.equal(spec.mode, 'transport');
    assert.deepEqual(spec.selectors, [own]);
  });

  it('are of no other mode or family', async () => {
    assert.equal(await f.errno(newSa({ attributes, over: { mode: 4 } })), ENOSYS);
    assert.match(f.log.lines.join('\n'), /has mode 4: the data plane does tunnel and transport mode/);
    assert.notEqual(await f.errno(newSa({ attributes, over: { family: 7 } })), 0);
    assert.equal(f.sink.sas.size, 0);
  });

  it('copy DSCP, ECN and DF as charon says', async () => {
    const noEncapDscp = {
      type: XFRMA.SA_EXTRA_FLAGS,
      value: encode(u32, XFRM_SA_XFLAG_DONT_ENCAP_DSCP),
    };
    const cases: [number, Attribute[], SaSpec['dscp'], boolean, SaSpec['df']][] = [
      [0, [], 'copy', true, 'copy'],
      [XFRM_STATE_NOECN, [], 'copy', false, 'copy'],
      [XFRM_STATE_NOPMTUDISC, [], 'copy', true, 'clear'],
      [0, [noEncapDscp], 'keep', true, 'copy'],
      [XFRM_STATE_DECAP_DSCP, [noEncapDscp], 'keep', true, 'copy'],
    ];
    for (const [flags, more, ...expected] of cases) {
      const { dscp, ecn, df } = await installed({ over: { flags: flags | XFRM_STATE_AF_UNSPEC } }, more);
      assert.deepEqual([dscp, ecn, df], expected);
      assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, SPI)), 0);
    }
  });

  it('copy DSCP inwards only when told to', async () => {
    for (const [flags, dscp] of [
      [XFRM_STATE_AF_UNSPEC, 'keep'],
      [XFRM_STATE_AF_UNSPEC | XFRM_STATE_DECAP_DSCP, 'copy'],
    ] as const) {
      const spi = await f.allocated();
      const message = newSa({ src: PEER, dst: LOCAL, attributes, over: { flags } });
      message.type = XFRM_MSG.UPDSA;
      message.payload.writeUInt32BE(spi, xfrmUsersaInfo.offsets.id + 16);
      assert.equal(await f.errno(message), 0);
      assert.equal(f.sink.specs('in')[0]?.dscp, dscp);
      assert.equal(await f.errno(byId(XFRM_MSG.DELSA, LOCAL, spi)), 0);
    }
  });

  it('are padded when told to', async () => {
    assert.equal((await installed({})).tfc_bytes, undefined);
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, SPI)), 0);
    const padded = await installed({}, [{ type: XFRMA.TFCPAD, value: encode(u32, 1200) }]);
    assert.equal(padded.tfc_bytes, 1200);
  });
});
