import assert from 'node:assert/strict';
import type { DeviceConfig } from '@sluice/shared';
import fc from 'fast-check';
import { checkConfig, dataplanePart, diffConfigs, ikePart } from '../src/index.js';
import { EXAMPLE, exampleWith } from './example.js';

function read(text: string): DeviceConfig {
  const { config, problems } = checkConfig(text);
  assert.ok(config, JSON.stringify(problems));
  return config;
}

describe('the difference between two configurations', () => {
  const example = read(EXAMPLE);

  it('names what changed by its name, not its position', () => {
    assert.deepEqual(diffConfigs(example, read(exampleWith('mtu: 1500', 'mtu: 1400'))), [
      { path: 'interfaces[lan].mtu', kind: 'changed', before: '1500', after: '1400' },
    ]);
    assert.deepEqual(diffConfigs(example, read(exampleWith('id: branch', 'id: b2'))), [
      { path: 'ike.connections[hq].local.id', kind: 'changed', before: 'branch', after: 'b2' },
    ]);
  });

  it('names an added and a removed route by VRF and prefix', () => {
    const more = read(exampleWith('routes:', 'routes:\n  - { prefix: 10.9.0.0/16, blackhole: true }'));
    const [added, ...rest] = diffConfigs(example, more);
    assert.deepEqual(
      [added?.path, added?.kind, added?.before, rest],
      ['routes[default 10.9.0.0/16]', 'added', null, []],
    );
    const [removed] = diffConfigs(more, example);
    assert.deepEqual(
      [removed?.path, removed?.kind, removed?.after],
      ['routes[default 10.9.0.0/16]', 'removed', null],
    );
  });

  it('says that the order of addresses changed, because it means something', () => {
    const two = read(exampleWith('      - 10.1.0.1/16', '      - 10.1.0.1/16\n      - 10.7.0.1/16'));
    const swapped = read(exampleWith('      - 10.1.0.1/16', '      - 10.7.0.1/16\n      - 10.1.0.1/16'));
    assert.deepEqual(
      diffConfigs(two, swapped).map(({ path }) => path),
      ['interfaces[lan].addresses'],
    );
  });

  it('finds nothing between a configuration and any reordering of its sections', () => {
    const shuffled = fc.record({
      interfaces: fc.shuffledSubarray(example.interfaces, { minLength: example.interfaces.length }),
      routes: fc.shuffledSubarray(example.routes, { minLength: example.routes.length }),
    });
    fc.assert(
      fc.property(shuffled, (sections) => {
        assert.deepEqual(diffConfigs(example, { ...example, ...sections }), []);
      }),
    );
  });

  it('finds exactly the routes that two lists do not share, each way', () => {
    const prefixes = Array.from({ length: 12 }, (_, i) => `10.${i}.0.0/16`);
    const withRoutes = (chosen: string[]): DeviceConfig => ({
      ...example,
      routes: chosen.map((prefix) => ({ prefix, vrf: 'default', blackhole: true as const })),
    });
    fc.assert(
      fc.property(fc.shuffledSubarray(prefixes), fc.shuffledSubarray(prefixes), (before, after) => {
        const changes = diffConfigs(withRoutes(before), withRoutes(after));
        const expected = [
          ...before.filter((prefix) => !after.includes(prefix)).map((prefix) => `removed ${prefix}`),
          ...after.filter((prefix) => !before.includes(prefix)).map((prefix) => `added ${prefix}`),
        ];
        const found = changes.map(({ kind, path }) => `${kind} ${/ (.*)\]/.exec(path)?.[1]}`);
        assert.deepEqual(found.sort(), expected.sort());
      }),
    );
  });
});

describe('the parts of a configuration', () => {
  it('tie a tunnel to its SAs by the same interface id in both', () => {
    const config = read(EXAMPLE);
    const [tunnel] = dataplanePart(config, 7).tunnels;
    assert.ok(tunnel?.if_id);
    assert.deepEqual(ikePart(config, 7).tunnels, [{ name: 'hq', if_id: tunnel.if_id }]);
    assert.deepEqual([dataplanePart(config, 7).revision, ikePart(config, 7).revision], [7, 7]);
  });
});
