import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceConfigSchema } from '@sluice/shared';
import fc from 'fast-check';
import { checkConfig, configJsonSchema, formatProblem, loadConfig } from '../src/index.js';
import { EXAMPLE, exampleWith } from './example.js';

/** What is put in place of what, then: path, line, column, and what the sentence must say. */
const FAULTS: [string, string, string, number, number, RegExp][] = [
  // the whole
  ['schema: 1\n', '', 'schema', 1, 1, /missing: add "schema:" with 1/],
  ['schema: 1', 'schema: 2', 'schema', 1, 9, /must be 1, and this is 2/],
  ['schema: 1', 'schema: "1"', 'schema', 1, 9, /must be 1 without quotes/],
  ['hostname:', 'hostnam:', 'hostnam', 2, 1, /no key "hostnam" here: did you mean "hostname"\?/],
  [
    'hostname: branch',
    'hostname: 12',
    'hostname',
    2,
    11,
    /must be text, and this is a number: put it in quotes/,
  ],
  ['hostname: branch', 'hostname: b c', 'hostname', 2, 11, /letters, digits/],
  ['hostname: branch', 'zzzzzz: 1', 'zzzzzz', 2, 1, /the keys are schema, hostname, .*ike/],
  // dataplane
  ['vrfs:', 'dataplane: { workers: 99 }\nvrfs:', 'dataplane.workers', 3, 23, /must be at most 16/],
  [
    'vrfs:',
    'dataplane: { frames: 2000.5 }\nvrfs:',
    'dataplane.frames',
    3,
    22,
    /a whole number.*with a fraction/,
  ],
  ['vrfs:', 'dataplane: { worker: 2 }\nvrfs:', 'dataplane.worker', 3, 14, /did you mean "workers"\?/],
  // vrfs
  ['  - name: default', '  - name: [a]', 'vrfs[0].name', 4, 11, /must be text, and this is a list/],
  ['  - name: default', '  - nam: default', 'vrfs[0].nam', 4, 5, /did you mean "name"\?/],
  // interfaces
  ['device: eth0', 'device: eth1', 'interfaces[1].device', 10, 13, /"eth1" is already the device/],
  ['    device: eth0\n', '', 'interfaces[0].device', 6, 5, /missing: add "device:" with text \(The Linux/],
  ['    mtu: 1500', '    mtu: 12', 'interfaces[1].mtu', 11, 10, /at least 68/],
  ['    mtu: 1500', '    mtu: big', 'interfaces[1].mtu', 11, 10, /must be a number, and this is text/],
  [
    '    mtu: 1500',
    '    driver: af_xpd',
    'interfaces[1].driver',
    11,
    13,
    /af_xdp or af_packet, and this is "af_xpd": did you mean af_xdp\?/,
  ],
  [
    '    mtu: 1500',
    '    enabled: 1',
    'interfaces[1].enabled',
    11,
    14,
    /must be true or false, and this is a number/,
  ],
  ['    mtu: 1500', '    addresses2: 1', 'interfaces[1].addresses2', 11, 5, /did you mean "addresses"\?/],
  ['      - 10.1.0.1/16', '      - 10.1.0.1', 'interfaces[1].addresses[0]', 13, 9, /with its prefix length/],
  [
    '      - 10.1.0.1/16',
    '      - 10.1.0.1/33',
    'interfaces[1].addresses[0]',
    13,
    9,
    /with its prefix length/,
  ],
  ['[192.0.2.1/24]', '192.0.2.1/24', 'interfaces[0].addresses', 8, 16, /must be a list, and this is text/],
  // tunnels
  [
    '  - name: hq\n    addresses',
    '  - name: wan\n    addresses',
    'tunnels[0].name',
    15,
    11,
    /already the name of interfaces.0/,
  ],
  ['[10.255.0.1/30]', '[10.255.0.1/30]\n    vrf: red', 'tunnels[0].vrf', 17, 10, /there is no VRF "red"/],
  [
    'tunnels:\n  - name: hq\n    addresses: [10.255.0.1/30]\n',
    'tunnels:\n',
    'tunnels',
    14,
    9,
    /is empty: give a list, or leave the key out/,
  ],
  // routes
  ['10.2.0.0/16', '10.2.0.1/16', 'routes[1].prefix', 20, 13, /bits set beyond its prefix/],
  [
    '    interface: hq',
    '    interface: nowhere',
    'routes[1].interface',
    21,
    16,
    /no interface or tunnel "nowhere"/,
  ],
  [
    '    interface: hq',
    '    iface: hq',
    'routes[1].iface',
    21,
    5,
    /no key "iface" here: the keys are prefix, vrf, next_hop/,
  ],
  ['192.0.2.254', '203.0.113.1', 'routes[0].next_hop', 19, 15, /on no network connected/],
  // ike
  [
    'local: { address: 192.0.2.1,',
    'local: {',
    'ike.connections[0].local.address',
    25,
    14,
    /missing: add "address:"/,
  ],
  [
    'remote: { address: 198.51.100.1,',
    'remote: { address: hq.example,',
    'ike.connections[0].remote.address',
    26,
    26,
    /IPv4 or IPv6 address such as/,
  ],
  [
    'tunnel: hq\n',
    'tunnel: nil\n',
    'ike.connections[0].children[0].tunnel',
    30,
    19,
    /there is no tunnel "nil"/,
  ],
  [
    'tunnel: hq\n',
    'tunnel: hq\n          replay_window: 100\n',
    'ike.connections[0].children[0].replay_window',
    31,
    26,
    /must be 32, 64, .* or 4096, and this is 100/,
  ],
  [
    'tunnel: hq\n',
    'tunnel: hq\n          esp_proposals: []\n',
    'ike.connections[0].children[0].esp_proposals',
    31,
    26,
    /needs at least 1 entry/,
  ],
  [
    'tunnel: hq\n',
    'tunnel: hq\n          esp_proposals: [3des]\n',
    'ike.connections[0].children[0].esp_proposals[0]',
    31,
    27,
    /what the data plane does, and "3des" is not/,
  ],
  [
    'psk: {',
    'start: later\n      psk: {',
    'ike.connections[0].start',
    27,
    14,
    /must be initiate, on-traffic or respond, and this is "later"/,
  ],
  // syntax
  ['  - name: lan', '\t- name: lan', '', 9, 1, /tab: replace it/],
  ['hostname: branch', 'hostname: branch\nhostname: other', '', 3, 1, /given twice/],
  ['hostname: branch', 'hostname: "branch', '', 31, 1, /a character is missing: close the quote/],
  ['[192.0.2.1/24]', '[192.0.2.1/24', '', 9, 3, /close the bracket before it/],
];

describe('loading a configuration', () => {
  it('reads the example, and fills in what it leaves out', () => {
    const { config, problems } = checkConfig(EXAMPLE);
    assert.deepEqual(problems, []);
    assert.equal(config?.hostname, 'branch');
    assert.equal(config?.interfaces[0]?.mtu, 1500);
    assert.equal(config?.ike.connections[0]?.start, 'initiate');
  });

  it('reads the same as JSON', () => {
    const { config } = checkConfig(EXAMPLE);
    assert.deepEqual(checkConfig(JSON.stringify(config)).config, config);
  });

  for (const [text, replacement, path, line, column, sentence] of FAULTS) {
    it(`says where ${JSON.stringify(replacement.trim() || `no ${text.trim()}`)} is wrong`, () => {
      const { config, problems } = checkConfig(exampleWith(text, replacement));
      assert.equal(config, null);
      const found = problems.find((problem) => problem.path === path);
      assert.ok(found, `no problem at ${path}: ${JSON.stringify(problems)}`);
      assert.match(found.message, sentence);
      assert.deepEqual([found.line, found.column], [line, column]);
    });
  }

  it('reports every problem, in the order of the lines', () => {
    const text = exampleWith('device: eth0', 'devic: eth0').replace('mtu: 1500', 'mtu: 1');
    const lines = checkConfig(text).problems.map((problem) => problem.line);
    assert.ok(lines.length >= 3);
    assert.deepEqual(
      lines,
      [...lines].sort((a, b) => (a ?? 0) - (b ?? 0)),
    );
  });

  it('never repeats what stands where a secret belongs, however wrong', () => {
    const secret = 'correct-horse-battery';
    for (const psk of [
      secret,
      `{ file: ${secret} }`,
      `{ secret: ${secret} }`,
      `[${secret}]`,
      `"${secret}`,
      `@${secret}`,
      `{ file: '${secret}`,
    ]) {
      const { problems } = checkConfig(exampleWith('{ file: /etc/sluice/hq.psk }', psk));
      assert.ok(problems.length > 0, psk);
      assert.ok(!JSON.stringify(problems).includes(secret), JSON.stringify(problems));
    }
  });

  it('refuses several documents, an empty one, and aliases that multiply', () => {
    assert.match(
      checkConfig('schema: 1\n---\nschema: 1\n').problems[0]?.message ?? '',
      /several YAML documents/,
    );
    assert.match(checkConfig('').problems[0]?.message ?? '', /is empty/);
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i++) {
      const [here, before] = ['abcdefghij'[i], 'abcdefghij'[i - 1]];
      bomb.push(`${here}: &${here} [${Array(9).fill(`*${before}`).join(',')}]`);
    }
    assert.match(checkConfig(bomb.join('\n')).problems[0]?.message ?? '', /alias/);
  });

  it('answers any text with a configuration or with problems', () => {
    const pieces = EXAMPLE.split(/(?<=[\s:{}[\],-])/);
    const mutated = fc
      .array(fc.nat(pieces.length - 1), { minLength: 1, maxLength: 5 })
      .chain((cuts) =>
        fc
          .constantFrom('', '\t', '"', '{', '[', '*a', '&a', '!!int', '?', '|', '- ', ': ', '\u0000', 'null')
          .map((junk) => pieces.map((piece, i) => (cuts.includes(i) ? junk : piece)).join('')),
      );
    fc.assert(
      fc.property(mutated, (text) => {
        const { config, problems } = checkConfig(text);
        assert.equal(config === null, problems.length > 0);
        for (const { message } of problems) assert.ok(message.length > 5);
      }),
      { numRuns: 300 },
    );
  });
});

describe('reading a configuration file', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-load-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const problemOf = async (file: string): Promise<string> =>
    (await loadConfig(file)).problems[0]?.message ?? '';

  it('names the file with its line and column', async () => {
    const file = join(dir, 'a.yaml');
    writeFileSync(file, exampleWith('mtu: 1500', 'mtu: 12'));
    const [problem] = (await loadConfig(file)).problems;
    assert.ok(problem);
    assert.equal(formatProblem('a.yaml', problem), 'a.yaml:11:10: interfaces[1].mtu: at least 68 (RFC 791)');
  });

  it('says what is wrong with a file that is none', async () => {
    assert.match(await problemOf(join(dir, 'none.yaml')), /none\.yaml cannot be read: there is no such file/);
    assert.match(await problemOf(dir), /is not a regular file/);
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    assert.match(await problemOf(fifo), /is not a regular file/);
    assert.match(await problemOf('/dev/zero'), /is not a regular file/);
    const huge = join(dir, 'huge');
    writeFileSync(huge, '');
    truncateSync(huge, 17 << 20);
    assert.match(await problemOf(huge), /at most 16777216: is it the right file\?/);
    const binary = join(dir, 'binary');
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
    assert.match(await problemOf(binary), /is not UTF-8 text/);
  });
});

describe('the JSON Schema', () => {
  it('knows every section, and that only schema is required', () => {
    const schema = configJsonSchema() as {
      properties: object;
      required: string[];
      additionalProperties: boolean;
    };
    assert.deepEqual(Object.keys(schema.properties), Object.keys(deviceConfigSchema.shape));
    assert.deepEqual(schema.required, ['schema']);
    assert.equal(schema.additionalProperties, false);
  });
});
