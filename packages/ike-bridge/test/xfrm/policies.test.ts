import assert from 'node:assert/strict';
import { EEXIST, EINVAL, ENOENT, GROUP, NLM_F_REQUEST, XFRM_MSG } from '../../src/xfrm/constants.js';
import { xfrmUserAcquire } from '../../src/xfrm/event-structs.js';
import { xfrmUserpolicyInfo } from '../../src/xfrm/policy-structs.js';
import { ip4FromXfrm } from '../../src/xfrm/selector.js';
import { Fixture } from './fixture.js';
import { LOCAL, NOW, PEER, policyRequest, request, saRequest, spec } from './requests.js';

describe('xfrm policies', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  it('are added, replaced, found and removed by their key', async () => {
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY)), 0);
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY)), EEXIST);
    assert.equal(await f.errno(policyRequest(XFRM_MSG.UPDPOLICY, { priority: 5 })), 0);
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY, { ifId: 43 })), 0, 'another interface');
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY, { dir: 0 })), 0, 'another direction');
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY, { dir: 3 })), EINVAL);
    const [policy] = f.xfrm.spd.all();
    assert.equal(policy?.info.priority, 5);
    const { sel, index } = policy!.info;
    const asked = Buffer.alloc(64);
    asked.writeUInt32LE(index, 56);
    asked.writeUInt8(1, 60);
    const [answer] = await f.xfrm.handle(request(XFRM_MSG.GETPOLICY, asked, NLM_F_REQUEST));
    assert.deepEqual(xfrmUserpolicyInfo.read(answer!.payload, 0).sel, sel);
    assert.equal(await f.errno(request(XFRM_MSG.DELPOLICY, asked)), 0);
    assert.equal(await f.errno(request(XFRM_MSG.DELPOLICY, asked)), ENOENT);
    assert.equal(await f.errno(request(XFRM_MSG.FLUSHPOLICY, Buffer.alloc(0))), 0);
    assert.equal(f.xfrm.spd.size, 0);
  });

  it('give SAs their selector, unless several share the SA', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    assert.equal(f.sink.specs('out')[0]?.selectors, null);
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { src: '10.1.0.0/16', dst: '10.2.0.0/16' }));
    assert.deepEqual(f.sink.specs('out')[0]?.selectors?.[0], {
      src: '10.1.0.0/16',
      dst: '10.2.0.0/16',
      protocol: 0,
      src_ports: [0, 65_535],
      dst_ports: [0, 65_535],
    });
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { src: '10.1.0.0/16', dst: '10.3.0.0/16' }));
    assert.equal(f.sink.specs('out')[0]?.selectors, null);
  });

  it('say when they were used last', async () => {
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.sink.count(spec(), { last_used_at_ms: NOW - 4000 });
    const asked = Buffer.alloc(64);
    asked.writeUInt32LE(f.xfrm.spd.all()[0]!.info.index, 56);
    asked.writeUInt8(1, 60);
    const [answer] = await f.xfrm.handle(request(XFRM_MSG.GETPOLICY, asked, NLM_F_REQUEST));
    assert.equal(xfrmUserpolicyInfo.read(answer!.payload, 0).curlft.use_time, (NOW - 4000) / 1000);
  });

  it('say when the idlest of several inbound SAs was used last, for dead peer detection', async () => {
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { dir: 0 }));
    for (const idleMs of [60_000, 0]) {
      const inbound = spec({ dst: LOCAL, src: PEER, spi: await f.allocated() });
      await f.xfrm.handle(saRequest(XFRM_MSG.UPDSA, inbound));
      f.sink.count(inbound, { last_used_at_ms: NOW - idleMs });
    }
    const asked = Buffer.alloc(64);
    asked.writeUInt32LE(f.xfrm.spd.all()[0]!.info.index, 56);
    const [answer] = await f.xfrm.handle(request(XFRM_MSG.GETPOLICY, asked, NLM_F_REQUEST));
    assert.equal(xfrmUserpolicyInfo.read(answer!.payload, 0).curlft.use_time, NOW / 1000 - 60);
  });

  it('turn a packet without an SA into an ACQUIRE, not again at once', async () => {
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { dst: '10.2.0.0/16', reqid: 9 }));
    const packet = { if_id: 42, src: '10.1.0.1', dst: '10.2.0.1', protocol: 17 };
    assert.equal(f.xfrm.acquire({ ...packet, dst: '10.9.0.1' }), false);
    assert.equal(f.xfrm.acquire({ ...packet, if_id: 41 }), false);
    assert.equal(f.xfrm.acquire(packet), true);
    assert.equal(f.xfrm.acquire(packet), true);
    assert.equal(f.events.length, 1);
    const acquire = xfrmUserAcquire.read(f.events[0]!.message.payload, 0);
    assert.equal(f.events[0]!.groups, GROUP.ACQUIRE);
    assert.equal(ip4FromXfrm(acquire.id.daddr), PEER);
    assert.equal(ip4FromXfrm(acquire.sel.daddr), '10.2.0.1');
    assert.equal(acquire.sel.prefixlen_d, 32);
  });
});
