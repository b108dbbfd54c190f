// Known answers of AES-GCM, all with nonces of 96 bits, in hexadecimal.
//
// 'GCM paper': appendix B of "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega; with shorter ICVs, the
// first bytes of the same. 'CAVS': NIST's gcmEncryptExtIV files. 'ESP': draft-mcgrew-gcm-test-01, "Test Cases for
// the use of Galois/Counter Mode (GCM) and Galois Message Authentication Code (GMAC) in IPsec ESP".

export interface GcmVector {
  name: string;
  key: string;
  nonce: string;
  plaintext: string;
  aad: string;
  ciphertext: string;
  icv: string;
}

export const GCM_VECTORS: readonly GcmVector[] = [
  {
    name: 'GCM paper, case 1',
    key: '00000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '',
    aad: '',
    ciphertext: '',
    icv: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    name: 'GCM paper, case 2',
    key: '00000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '00000000000000000000000000000000',
    aad: '',
    ciphertext: '0388dace60b6a392f328c2b971b2fe78',
    icv: 'ab6e47d42cec13bdf53a67b21257bddf',
  },
  {
    name: 'GCM paper, case 3',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    aad: '',
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985',
    icv: '4d5c2af327cd64a62cf35abd2ba6fab4',
  },
  {
    name: 'GCM paper, case 4',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    icv: '5bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    name: 'GCM paper, case 7',
    key: '000000000000000000000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '',
    aad: '',
    ciphertext: '',
    icv: 'cd33b28ac773f74ba00ed1f312572435',
  },
  {
    name: 'GCM paper, case 8',
    key: '000000000000000000000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '00000000000000000000000000000000',
    aad: '',
    ciphertext: '98e7247c07f0fe411c267e4384b0f600',
    icv: '2ff58d80033927ab8ef4d4587514f0fb',
  },
  {
    name: 'GCM paper, case 9',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    aad: '',
    ciphertext:
      '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710acade256',
    icv: '9924a7c8587336bfb118024db8674a14',
  },
  {
    name: 'GCM paper, case 10',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext:
      '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710',
    icv: '2519498e80f1478f37ba55bd6d27618c',
  },
  {
    name: 'GCM paper, case 13',
    key: '0000000000000000000000000000000000000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '',
    aad: '',
    ciphertext: '',
    icv: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    name: 'GCM paper, case 14',
    key: '0000000000000000000000000000000000000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext: '00000000000000000000000000000000',
    aad: '',
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    icv: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: 'GCM paper, case 15',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    aad: '',
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
    icv: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    name: 'GCM paper, case 16',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    icv: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    name: 'GCM paper, case 4, ICV of 8',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    icv: '5bc94fbc3221a5db',
  },
  {
    name: 'GCM paper, case 16, ICV of 12',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    icv: '76fc6ece0f4e1768cddf8853',
  },
  {
    name: 'CAVS 128, tag 96, AAD 0, count 0',
    key: 'f00fdd018c02e03576008b516ea971ad',
    nonce: '3b3e276f9e98b1ecb7ce6d28',
    plaintext: '2853e66b7b1b3e1fa3d1f37279ac82be',
    aad: '',
    ciphertext: '55d2da7a3fb773b8a073db499e24bf62',
    icv: 'cba06bb4f6e097199250b0d1',
  },
  {
    name: 'CAVS 128, tag 96, AAD 160',
    key: '70fb02388301f16c4193b0fc70683f3f',
    nonce: 'aec612be7c1ddb659a4b315c',
    plaintext: '68e6bc0b08b8adbdc00005ae44723c8e',
    aad: '3859b3c9d0b42d45c43e8ebd4c8cbde1b6eb2106',
    ciphertext: 'a7c52a23b09062a1fb77d47ff83a114f',
    icv: '79f91fa572220432ee3a6495',
  },
];

/** AAD of 8 bytes: SPI and sequence number; of 12: SPI and extended sequence number. */
export const ESP_VECTORS: readonly GcmVector[] = [
  {
    name: 'ESP, AES-128, SPI 00004321, AAD of 12, 72 bytes',
    key: '4c80cdefbb5d10da906ac73c3613a634',
    nonce: '2e443b684956ed7e3b244cfe',
    plaintext:
      '45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470037369700963796265726369747902646b000021000101020201',
    aad: '000043218765432100000000',
    ciphertext:
      'fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732',
    icv: '459018148f6cbe722fd04796562dfdb4',
  },
  {
    name: 'ESP, AES-128, SPI 0000a5f8, AAD of 8, 64 bytes',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext:
      '4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d001000001000000000000037369700963796265726369747902646b00000100010001',
    aad: '0000a5f80000000a',
    ciphertext:
      'deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4ec3b9ba95d918bd1',
    icv: '83b70d3aa8bc6ee4c309e9d85a41ad4a',
  },
  {
    name: 'ESP, AES-256, SPI 4a2cbfe3, AAD of 8, 52 bytes',
    key: 'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
    nonce: '112233440102030405060708',
    plaintext:
      '4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201',
    aad: '4a2cbfe300000002',
    ciphertext:
      'ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8e',
    icv: 'b335f4eecfdbf831824b4c4915956c96',
  },
  {
    name: 'ESP, AES-128, SPI 00000000, AAD of 8, 64 bytes',
    key: '00000000000000000000000000000000',
    nonce: '000000000000000000000000',
    plaintext:
      '4500003c99c500008001cb7a40679318010101010800075c020044006162636465666768696a6b6c6d6e6f707172737475767761626364656667686901020201',
    aad: '0000000000000001',
    ciphertext:
      '4688daf2f973a392732909c331d56d60f694abaa414b5e7ff5fdcdfff5e9a284456476492719ffb64de7d9dca1e1d894bc3bd57873ed4d181d19d4d5c8c18af3',
    icv: 'f821d496eeb096e98ad2b69e4799c71d',
  },
  {
    name: 'ESP, AES-128, SPI 42f67e3f, AAD of 12, 28 bytes',
    key: '3de09874b388e6491988d0c3607eae1f',
    nonce: '57690e434e280000a2fca1a3',
    plaintext: '4500001c42a200008001441f406793b6e00000020a00f5ff01020201',
    aad: '42f67e3f1010101010101010',
    ciphertext: 'fba2ca845e5df9f0f22c3e6e86dd831e1fc65792cd1af9130e1379ed',
    icv: '369f071f35e034be95f112e4e7d05d35',
  },
  {
    name: 'ESP, AES-192, SPI 0000a5f8, AAD of 8, 40 bytes',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c',
    nonce: 'cafebabefacedbaddecaf888',
    plaintext: '45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001',
    aad: '0000a5f80000000a',
    ciphertext: 'a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc77',
    icv: '95457b9652037f5318027b5b4cd7a636',
  },
  {
    name: 'ESP, AES-128, SPI 00000100, AAD of 12, 76 bytes',
    key: 'abbccddef00112233445566778899aab',
    nonce: 'decaf888cafedebaceface74',
    plaintext:
      '4500004933ba00007f119106c3fb1d10c2b1d326c02831ce0035dd7b800302d500004e20001e8c18d75b81dc91baa0476b91b924b280389d92c963bac046ec959b6266c04722b14923010101',
    aad: '000001000000000000000001',
    ciphertext:
      '18a6fd42f72cbf4ab2a2ea901f73d814e3e7f243d95412e1c349c1d2fbec168f9190feebaf2cb01984e65863965d7472b79da345e0e780191f0d2f0e0f496c226f2127b27db35724e7845d68',
    icv: '651f57e65f354f75ff17015769623436',
  },
  {
    name: 'ESP, AES-256, SPI 17405e67, AAD of 12, 40 bytes',
    key: 'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
    nonce: '73616c74616e640169766563',
    plaintext: '45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb71260250101f646d540001',
    aad: '17405e67156f3126dd0db99b',
    ciphertext: 'f2d69ecdbd5a0d5b8d5ef38bad4da58d1f278fde98ef67549d524a3018d9a57ff4d3a31ce673119e',
    icv: '451626c2415771e3b7eebca614c89b35',
  },
  {
    name: 'ESP, AES-128, SPI 335467ae, AAD of 8, 4 bytes',
    key: '7d773d00c144c525ac619d18c84a3f47',
    nonce: 'd966426743457e9182443bc6',
    plaintext: '01020201',
    aad: '335467aeffffffff',
    ciphertext: '437f866b',
    icv: 'cb3f699fe9b0822bac961c4504bef270',
  },
  {
    name: 'ESP, AES-128, SPI 00000100, AAD of 12, 20 bytes',
    key: 'abbccddef00112233445566778899aab',
    nonce: 'decaf888cafedebaceface74',
    plaintext: '746f016265016f72016e6f7401746f0162650001',
    aad: '000001000000000000000001',
    ciphertext: '29c9fc69a197d038ccdd14e2ddfcaa0543332164',
    icv: '412503524303ed3c6c5f283843af8c3e',
  },
  {
    name: 'ESP, AES-256, SPI 796b6963, AAD of 12, 52 bytes',
    key: '6c6567616c697a656d6172696a75616e61616e64646f69746265666f72656961',
    nonce: '7475726e333021696765746d',
    plaintext:
      '45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f707172737401020201',
    aad: '796b6963ffffffffffffffff',
    ciphertext:
      'f97ab2aa356d8edce17644ac8c78e25dd24dedbb29ebf1b64a274b39b49c3a864cd3d78ca4ae68a32b42458fb57dbe821dcc63b9',
    icv: 'd0937ba2945f669368661a329fb4c053',
  },
];
