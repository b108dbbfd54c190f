// Known answers of ESP's algorithms besides AES-GCM (vectors/gcm.ts), in hexadecimal.
import type { EspCipher, EspIntegrity } from '../../../src/tables/esp-algorithms.js';

/** A cipher without integrity of its own: what is in the packet is compared, the ICV is not. */
export interface CipherVector {
  name: string;
  cipher: EspCipher;
  key: string;
  /** Behind the key. */
  nonce: string;
  iv: string;
  plaintext: string;
  ciphertext: string;
}

const SP_800_38A =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
const OCTETS_32 = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const OCTETS_36 = `${OCTETS_32}20212223`;
const SINGLE_BLOCK = '53696e676c6520626c6f636b206d7367';

const cbc = (name: string, key: string, iv: string, plaintext: string, ciphertext: string): CipherVector => ({
  name,
  cipher: 'aes-cbc',
  key,
  nonce: '',
  iv,
  plaintext,
  ciphertext,
});
const ctr = (
  name: string,
  key: string,
  nonce: string,
  iv: string,
  plaintext: string,
  ciphertext: string,
): CipherVector => ({ name, cipher: 'aes-ctr', key, nonce, iv, plaintext, ciphertext });

export const CIPHER_VECTORS: readonly CipherVector[] = [
  cbc(
    'RFC 3602 section 4, case 1',
    '06a9214036b8a15b512e03d534120006',
    '3dafba429d9eb430b422da802c9fac41',
    SINGLE_BLOCK,
    'e353779c1079aeb82708942dbe77181a',
  ),
  cbc(
    'RFC 3602 section 4, case 2',
    'c286696d887c9aa0611bbb3e2025a45a',
    '562e17996d093d28ddb3ba695a2e6f58',
    OCTETS_32,
    'd296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1',
  ),
  cbc(
    'SP 800-38A F.2.1, AES-128',
    '2b7e151628aed2a6abf7158809cf4f3c',
    '000102030405060708090a0b0c0d0e0f',
    SP_800_38A,
    '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7',
  ),
  cbc(
    'SP 800-38A F.2.3, AES-192',
    '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    '000102030405060708090a0b0c0d0e0f',
    SP_800_38A,
    '4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd',
  ),
  cbc(
    'SP 800-38A F.2.5, AES-256',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    '000102030405060708090a0b0c0d0e0f',
    SP_800_38A,
    'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b',
  ),
  ctr(
    'RFC 3686 section 6, vector 1',
    'ae6852f8121067cc4bf7a5765577f39e',
    '00000030',
    '0000000000000000',
    SINGLE_BLOCK,
    'e4095d4fb7a7b3792d6175a3261311b8',
  ),
  ctr(
    'RFC 3686 section 6, vector 2',
    '7e24067817fae0d743d6ce1f32539163',
    '006cb6db',
    'c0543b59da48d90b',
    OCTETS_32,
    '5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28',
  ),
  ctr(
    'RFC 3686 section 6, vector 3',
    '7691be035e5020a8ac6e618529f9a0dc',
    '00e0017b',
    '27777f3f4a1786f0',
    OCTETS_36,
    'c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f',
  ),
  ctr(
    'RFC 3686 section 6, vector 4',
    '16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515',
    '00000048',
    '36733c147d6d93cb',
    SINGLE_BLOCK,
    '4b55384fe259c9c84e7935a003cbe928',
  ),
  ctr(
    'RFC 3686 section 6, vector 5',
    '7c5cb2401b3dc33c19e7340819e0f69c678c3db8e6f6a91a',
    '0096b03b',
    '020c6eadc2cb500d',
    OCTETS_32,
    '453243fc609b23327edfaafa7131cd9f8490701c5ad4a79cfc1fe0ff42f4fb00',
  ),
  ctr(
    'RFC 3686 section 6, vector 7',
    '776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104',
    '00000060',
    'db5672c97aa8f0b2',
    SINGLE_BLOCK,
    '145ad01dbf824ec7560863dc71e3e0c0',
  ),
  ctr(
    'RFC 3686 section 6, vector 8',
    'f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a23884',
    '00faac24',
    'c1585ef15a43d875',
    OCTETS_32,
    'f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c',
  ),
];

/** A message that an HMAC covers, of 8 octets or more: the first are the ESP header's place. */
export interface HmacVector {
  name: string;
  integrity: EspIntegrity;
  key: string;
  message: string;
  /** Whole: an ICV is the first octets of it. */
  digest: string;
}

const HI_THERE = '4869205468657265';
const DD_50 = 'dd'.repeat(50);
const CD_50 = 'cd'.repeat(50);
const upTo = (octets: number): string =>
  Array.from({ length: octets }, (_, i) => (i + 1).toString(16).padStart(2, '0')).join('');

const hmac = (
  name: string,
  integrity: EspIntegrity,
  key: string,
  message: string,
  digest: string,
): HmacVector => ({ name, integrity, key, message, digest });

export const HMAC_VECTORS: readonly HmacVector[] = [
  hmac(
    'RFC 2202 section 3, case 1',
    'hmac-sha1',
    '0b'.repeat(20),
    HI_THERE,
    'b617318655057264e28bc0b6fb378c8ef146be00',
  ),
  hmac(
    'RFC 2202 section 3, case 3',
    'hmac-sha1',
    'aa'.repeat(20),
    DD_50,
    '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH256-1',
    'hmac-sha2-256',
    '0b'.repeat(32),
    HI_THERE,
    '198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH256-3',
    'hmac-sha2-256',
    'aa'.repeat(32),
    DD_50,
    'cdcb1220d1ecccea91e53aba3092f962e549fe6ce9ed7fdc43191fbde45c30b0',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH256-4',
    'hmac-sha2-256',
    upTo(32),
    CD_50,
    '372efcf9b40b35c2115b1346903d2ef42fced46f0846e7257bb156d3d7b30d3f',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH384-1',
    'hmac-sha2-384',
    '0b'.repeat(48),
    HI_THERE,
    'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4fb68dab9f1b582c2',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH384-3',
    'hmac-sha2-384',
    'aa'.repeat(48),
    DD_50,
    '809f439be00274321d4a538652164b53554a508184a0c3160353e3428597003d35914a18770f9443987054944b7c4b4a',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH512-1',
    'hmac-sha2-512',
    '0b'.repeat(64),
    HI_THERE,
    '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8ac2878ebd5803f6f0b61dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b',
  ),
  hmac(
    'RFC 4868 section 2.7.2, AUTH512-3',
    'hmac-sha2-512',
    'aa'.repeat(64),
    DD_50,
    '2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8623c7b55cebefccf02d5581acc1c9d5fb1ff68a1de45509fbe4da9a433922655',
  ),
];

/** An AEAD's packet of ESP: RFC 7634 appendix A. */
export const CHACHA_VECTOR = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  salt: 'a0a1a2a3',
  iv: '1011121314151617',
  header: '0102030400000005',
  plaintext:
    '45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204',
  ciphertext:
    '24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0',
  icv: '76aaa8266b7fb0f7b11b369907e1ad43',
};

/** The AEAD of RFC 8439 (which replaced RFC 7539) section 2.8.2, whose AAD is longer than ESP's. */
export const CHACHA_AEAD_VECTOR = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '070000004041424344454647',
  aad: '50515253c0c1c2c3c4c5c6c7',
  plaintext: Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ).toString('hex'),
  ciphertext:
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116',
  icv: '1ae10b594f09e26a7e902ecbd0600691',
};

/** NIST CAVP, gcmEncryptExtIV128/256 without plaintext: AES-GMAC, the AAD's first 8 octets in the header's place. */
export const GMAC_VECTORS = [
  {
    name: 'CAVS 128, AAD 128, tag 128',
    key: '77be63708971c4e240d1cb79e8d77feb',
    nonce: 'e0e00f19fed7ba0136a797f3',
    aad: '7a43ec1d9c0a5a78a0b16533a6213cab',
    icv: '209fcc8d3675ed938e9c7166709dd946',
  },
  {
    name: 'CAVS 256, AAD 128, tag 128',
    key: '78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223',
    nonce: 'd79cf22d504cc793c3fb6c8a',
    aad: 'b96baa8c1c75a671bfb2d08d06be5f36',
    icv: '3e5d486aa2e30b22e040b85723a06e76',
  },
];

/** A whole packet of ESP with AES-GMAC: draft-mcgrew-gcm-test-01. The IV is authenticated too. */
export const GMAC_ESP_VECTOR = {
  key: '4c80cdefbb5d10da906ac73c3613a634',
  salt: '22433c64',
  header: '0000432100000007',
  iv: '0000000000000000',
  data: '45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f707172737401020201',
  icv: 'f2a9a836e155106aa8dcd618e4099aaa',
};
