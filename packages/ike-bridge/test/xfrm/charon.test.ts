import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { AF_INET, XFRM_MSG } from '../../src/xfrm/constants.js';
import { decodeAttributes, findAttribute } from '../../src/xfrm/netlink.js';
import { xfrmAlgoAead, xfrmUsersaInfo, xfrmUserspiInfo } from '../../src/xfrm/sa-structs.js';
import { addressFromXfrm } from '../../src/xfrm/selector.js';
import { CharonPair, IF_ID, type Side } from './charon-pair.js';

const initiate = (side: Side): Promise<string> =>
  side.swanctl('--initiate', '--child', 'net', '--timeout', '15');
const keys = (side: Side, direction: 'in' | 'out'): string[] =>
  side.sink
    .specs(direction)
    .map((spec) => `${spec.dst} ${spec.spi} ${spec.crypto.key_hex}`)
    .sort();

function assertMirrored(pair: CharonPair): void {
  assert.deepEqual(keys(pair.left, 'in'), keys(pair.right, 'out'));
  assert.deepEqual(keys(pair.left, 'out'), keys(pair.right, 'in'));
}

describe('xfrm with real charon', function () {
  this.timeout(120_000);
  let pair: CharonPair;
  afterEach(() => pair?.stop());

  it('gives both data planes the same keys under the same SPIs', async () => {
    pair = await CharonPair.start();
    await initiate(pair.left);
    await until(
      'both sides have both SAs',
      () => pair.left.sink.sas.size === 2 && pair.right.sink.sas.size === 2,
    );
    assertMirrored(pair);
    for (const side of [pair.left, pair.right]) {
      const [inbound] = side.sink.specs('in');
      const [outbound] = side.sink.specs('out');
      assert.ok(inbound !== undefined && outbound !== undefined);
      assert.equal(inbound.dst, side.address);
      assert.equal(inbound.src, side.peer);
      assert.equal(outbound.dst, side.peer);
      assert.equal(inbound.if_id, IF_ID);
      assert.equal(outbound.if_id, IF_ID);
      assert.equal(inbound.crypto.key_hex.length, 72);
      assert.equal(inbound.replay_window, 32);
      await until('the policies have told the SAs their selector', () =>
        side.sink.specs('in').every((spec) => spec.selectors !== null),
      );
      assert.deepEqual(side.sink.specs('in')[0]?.selectors?.[0], {
        src: '0.0.0.0/0',
        dst: '0.0.0.0/0',
        protocol: 0,
        src_ports: [0, 65_535],
        dst_ports: [0, 65_535],
      });
    }
    const listed = await pair.left.swanctl('--list-sas');
    assert.match(listed, new RegExp(`in +${pair.left.sink.specs('in')[0]!.spi.toString(16)}`));
    assert.match(listed, new RegExp(`out +${pair.left.sink.specs('out')[0]!.spi.toString(16)}`));

    const messages = pair.left.requests;
    const asked = messages.find(({ type }) => type === XFRM_MSG.ALLOCSPI);
    assert.ok(asked !== undefined);
    const spi = xfrmUserspiInfo.read(asked.payload, 0);
    assert.equal(asked.payload.length, xfrmUserspiInfo.size);
    assert.equal(addressFromXfrm(spi.info.id.daddr, AF_INET), pair.left.address);
    assert.equal(spi.info.id.proto, 50);
    assert.ok(spi.min >= 0xc0000000 && spi.max > spi.min);
    const update = messages.find(({ type }) => type === XFRM_MSG.UPDSA);
    assert.ok(update !== undefined);
    const info = xfrmUsersaInfo.read(update.payload, 0);
    assert.equal(info.id.spi, pair.left.sink.specs('in')[0]?.spi);
    assert.equal(addressFromXfrm(info.saddr, AF_INET), pair.left.peer);
    assert.equal(info.lft.hard_byte_limit, Number.POSITIVE_INFINITY);
    const algorithm = findAttribute(decodeAttributes(update.payload, xfrmUsersaInfo.size) ?? [], 18);
    assert.ok(algorithm !== null);
    assert.deepEqual(xfrmAlgoAead.read(algorithm, 0), {
      alg_name: 'rfc4106(gcm(aes))',
      alg_key_len: 288,
      alg_icv_len: 128,
    });
    const secrets = pair.left.sink.specs('in').map((one) => one.crypto.key_hex);
    for (const secret of secrets)
      assert.ok(!pair.left.log.lines.join('\n').includes(secret), 'a key was logged');
  });

  it('shows charon the figures of the data plane', async () => {
    pair = await CharonPair.start();
    await initiate(pair.left);
    const [inbound] = pair.left.sink.specs('in');
    assert.ok(inbound !== undefined);
    const now = Date.now();
    pair.left.sink.count(inbound, {
      packets: 7,
      bytes: 4321,
      first_used_at_ms: now - 5000,
      last_used_at_ms: now - 3000,
    });
    const listed = await pair.left.swanctl('--list-sas');
    const [, agoS] = / 4321 bytes, +7 packets, +(\d+)s ago/.exec(listed) ?? [];
    const mostS = Math.ceil((Date.now() - now) / 1000) + 4;
    assert.ok(Number(agoS) >= 2 && Number(agoS) <= mostS, listed);
  });

  it('rekeys without a moment in which either side lacks an SA', async () => {
    pair = await CharonPair.start();
    await initiate(pair.left);
    await until(
      'both sides have both SAs',
      () => pair.left.sink.sas.size === 2 && pair.right.sink.sas.size === 2,
    );
    const first = keys(pair.left, 'in');
    const start = { left: pair.left.sink.populations.length, right: pair.right.sink.populations.length };
    await pair.left.swanctl('--rekey', '--child', 'net');
    await until('the old SAs are gone', () =>
      [pair.left, pair.right].every(
        (side) => side.sink.sas.size === 2 && side.sink.history.some((line) => line.startsWith('remove out')),
      ),
    );
    assertMirrored(pair);
    assert.notDeepEqual(keys(pair.left, 'in'), first);
    for (const population of [
      ...pair.left.sink.populations.slice(start.left),
      ...pair.right.sink.populations.slice(start.right),
    ]) {
      assert.ok(
        population.in >= 1 && population.out >= 1,
        `a side was left with ${JSON.stringify(population)}`,
      );
    }
  });

  it('makes charon rekey by a soft EXPIRE and delete by a hard one', async () => {
    pair = await CharonPair.start({ child: { rekey_bytes: '10000', life_bytes: '20000', rand_bytes: '0' } });
    await initiate(pair.left);
    const [outbound] = pair.left.sink.specs('out');
    assert.ok(outbound !== undefined);
    assert.equal(outbound.lifetime.soft_bytes, 10_000);
    assert.equal(outbound.lifetime.hard_bytes, 20_000);

    pair.left.sink.count(outbound, { bytes: 10_001, packets: 10 });
    await pair.left.xfrm.tick();
    await until('charon has replaced the SA', () =>
      pair.left.sink.specs('out').find((spec) => spec.spi !== outbound.spi),
    );
    await until('the old SA is gone', () => pair.left.sink.specs('out').length === 1);

    const [second] = pair.left.sink.specs('out');
    assert.ok(second !== undefined);
    pair.left.sink.count(second, { bytes: 20_001, packets: 20 });
    await pair.left.xfrm.tick();
    await until(
      'charon has noticed the end of the SA',
      () =>
        pair.left.sink.specs('out').every((spec) => spec.spi !== second.spi) &&
        !pair.right.sink.specs('in').some((spec) => spec.spi === second.spi),
    );
  });

  it('outlives its bridge: charon neither spins nor forgets, and goes on with the next one', async () => {
    pair = await CharonPair.start();
    await initiate(pair.left);
    await until(
      'both sides have both SAs',
      () => pair.left.sink.sas.size === 2 && pair.right.sink.sas.size === 2,
    );
    const before = keys(pair.left, 'in');
    await pair.left.stopBridge();

    // A request that finds no bridge waits for the next one.
    const rekeyed = pair.left.swanctl('--rekey', '--child', 'net');
    const ticks = await pair.left.cpuTicks();
    const begin = performance.now();
    await until('a second of absence has been measured', () => performance.now() - begin > 1000);
    const used = (await pair.left.cpuTicks()) - ticks;
    assert.ok(used < 30, `charon used ${used} of about 100 ticks while its bridge was away`);
    assert.deepEqual(keys(pair.left, 'in'), before, 'the data plane goes on meanwhile');

    await pair.left.startBridge();
    assert.equal(pair.left.xfrm.sad.size, 2, 'the SAD came back from the data plane');
    assert.ok(pair.left.xfrm.spd.size >= 3, 'the SPD came back from its file');
    await until('charon listens again', () => (pair.left.server?.listeners ?? 0) > 0);
    await rekeyed;
    await until(
      'the SAs were replaced',
      () => keys(pair.left, 'in').length === 1 && keys(pair.left, 'in')[0] !== before[0],
    );
    await until('the peer has removed its old ones', () => pair.right.sink.sas.size === 2);
    assertMirrored(pair);
  });

  it('is told in the log which algorithm cannot be done', async () => {
    pair = await CharonPair.start({ espProposals: '3des-sha1-x25519' });
    await assert.rejects(initiate(pair.left));
    // The responder is the first to install its SAs.
    const sentence =
      /uses des3_ede of 192 bits with sha1 of 160 bits cut to 96, which the data plane cannot do/;
    assert.match(pair.right.log.lines.join('\n'), sentence);
    assert.equal(pair.right.sink.sas.size, 0);
    assert.equal(pair.left.sink.sas.size, 0);
  });

  it('starts before its bridge', async () => {
    pair = await CharonPair.start();
    pair.left.charon.kill('SIGKILL');
    await pair.left.stopBridge();
    const started = pair.left.startCharon();
    await pair.left.startBridge();
    await started;
    await until('charon listens', () => (pair.left.server?.listeners ?? 0) > 0);
  });
});
