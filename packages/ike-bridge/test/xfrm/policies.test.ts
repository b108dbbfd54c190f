import assert from 'node:assert/strict';
import type { TrafficSelector } from '@sluice/shared';
import {
  AF_INET,
  EEXIST,
  EINVAL,
  ENOENT,
  GROUP,
  NLM_F_REQUEST,
  XFRM_MSG,
  XFRMA,
} from '../../src/xfrm/constants.js';
import { xfrmUserAcquire } from '../../src/xfrm/event-structs.js';
import { encodePayload } from '../../src/xfrm/netlink.js';
import { xfrmUserpolicyId, xfrmUserpolicyInfo } from '../../src/xfrm/policy-structs.js';
import { ANY_TRAFFIC, addressFromXfrm, selectorOf } from '../../src/xfrm/selector.js';
import { encode, u32 } from '../../src/xfrm/struct.js';
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

  it('give SAs their selectors, all of those that share the SA', async () => {
    const selector = (over: object) => ({ ...ANY_TRAFFIC, src: '10.1.0.0/16', dst: '10.2.0.0/16', ...over });
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    assert.equal(f.sink.specs('out')[0]?.selectors, null);
    const web = selector({ protocol: 6, dst_ports: [443, 443] });
    const echo = selector({ protocol: 1, src_ports: [0x0800, 0x08ff] });
    const six = selector({ src: '2001:db8:1::/48', dst: '2001:db8:2::/48' });
    const expected = [];
    for (const one of [web, echo, six]) {
      await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, one));
      expected.push(one);
      assert.deepEqual(f.sink.specs('out')[0]?.selectors, expected);
    }
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { ...six, dir: 0 }));
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { ...six, reqid: 2, ifId: 43 }));
    assert.deepEqual(f.sink.specs('out')[0]?.selectors, expected, 'others are not its own');
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ spi: 0xc0000002 })));
    assert.deepEqual(f.sink.specs('out')[1]?.selectors, expected, 'a later SA has them at once');
    await removePolicy(echo);
    assert.deepEqual(f.sink.specs('out')[0]?.selectors, [web, six]);
    await removePolicy(web);
    await removePolicy(six);
    assert.deepEqual(f.sink.specs('out')[0]?.selectors, [six], 'without any it carries what it did');
  });

  async function removePolicy(one: TrafficSelector): Promise<void> {
    const body = encode(xfrmUserpolicyId, { sel: selectorOf(one), index: 0, dir: 1 });
    const ifId = { type: XFRMA.IF_ID, value: encode(u32, 42) };
    assert.equal(await f.errno(request(XFRM_MSG.DELPOLICY, encodePayload(body, [ifId]))), 0);
  }

  it('hold in transport mode in place of what the SA says of itself', async () => {
    const gre = { ...ANY_TRAFFIC, src: `${LOCAL}/32`, dst: `${PEER}/32`, protocol: 47 };
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ mode: 'transport' })));
    assert.deepEqual(f.sink.specs('out')[0]?.selectors, [{ ...gre, protocol: 0 }]);
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, gre));
    assert.deepEqual(f.sink.specs('out')[0]?.selectors, [gre]);
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
    assert.equal(addressFromXfrm(acquire.id.daddr, AF_INET), PEER);
    assert.equal(addressFromXfrm(acquire.sel.daddr, AF_INET), '10.2.0.1');
    assert.equal(acquire.sel.prefixlen_d, 32);
  });

  it('of IPv6 turn a packet into an ACQUIRE too', async () => {
    const networks = { src: '2001:db8:1::/48', dst: '2001:db8:2::/47' };
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, networks));
    const packet = { if_id: 42, src: '2001:db8:1::9', dst: '2001:db8:3::9', protocol: 17 };
    assert.equal(f.xfrm.acquire({ ...packet, dst: '2001:db8:4::9' }), false);
    assert.equal(f.xfrm.acquire({ ...packet, src: '10.1.0.1', dst: '10.2.0.1' }), false);
    assert.equal(f.xfrm.acquire(packet), true);
    const { sel } = xfrmUserAcquire.read(f.events[0]!.message.payload, 0);
    assert.deepEqual([sel.family, sel.prefixlen_s, sel.prefixlen_d], [10, 128, 128]);
    assert.equal(addressFromXfrm(sel.daddr, sel.family), '2001:db8:3::9');
  });
});
