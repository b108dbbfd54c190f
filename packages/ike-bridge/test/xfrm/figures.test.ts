import assert from 'node:assert/strict';
import {
  AF_INET,
  EINVAL,
  ENOENT,
  ESRCH,
  NLM_F_ACK,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  XFRM_MSG,
  XFRMA,
} from '../../src/xfrm/constants.js';
import { xfrmLifetimeCur, xfrmReplayState } from '../../src/xfrm/lifetime-structs.js';
import { decodeAttributes, encodePayload, findAttribute, type Message } from '../../src/xfrm/netlink.js';
import { xfrmUserMigrate, xfrmUserpolicyId } from '../../src/xfrm/policy-structs.js';
import { xfrmAeventId } from '../../src/xfrm/sa-structs.js';
import { addressFromXfrm, addressToXfrm } from '../../src/xfrm/selector.js';
import { encode, u32 } from '../../src/xfrm/struct.js';
import { Fixture } from './fixture.js';
import { byId, LOCAL, NOW, PEER, policyRequest, request, saRequest, spec } from './requests.js';

const NEW_PEER = '198.51.100.2';
/** Numbers left out when an outbound SA goes on elsewhere. */
const MARGIN = 2 ** 24;

function aevent(
  type: number,
  spi: number,
  flags: number,
  attributes: { type: number; value: Buffer }[] = [],
): Message {
  const body = encode(xfrmAeventId, {
    sa_id: { daddr: addressToXfrm(PEER), spi, family: 2, proto: 50 },
    saddr: addressToXfrm(LOCAL),
    flags: 0,
    reqid: 1,
  });
  return request(type, encodePayload(body, attributes), flags);
}

describe('xfrm figures that move with an SA', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.sink.count(spec(), { sequence: 1234, packets: 1200, bytes: 99_000, first_used_at_ms: NOW - 60_000 });
  });
  afterEach(() => f.end());

  it('are told by GETAE', async () => {
    const [answer] = await f.xfrm.handle(aevent(XFRM_MSG.GETAE, 0xc0000001, NLM_F_REQUEST));
    assert.equal(answer?.type, XFRM_MSG.NEWAE);
    const attributes = decodeAttributes(answer!.payload, xfrmAeventId.size) ?? [];
    const lifetime = xfrmLifetimeCur.read(findAttribute(attributes, XFRMA.LTIME_VAL)!, 0);
    assert.deepEqual(lifetime, {
      bytes: 99_000,
      packets: 1200,
      add_time: NOW / 1000,
      use_time: NOW / 1000 - 60,
    });
    assert.equal(xfrmReplayState.read(findAttribute(attributes, XFRMA.REPLAY_VAL)!, 0).oseq, 1234);
    assert.equal(await f.errno(aevent(XFRM_MSG.GETAE, 0xc0000099, NLM_F_REQUEST)), ESRCH);
  });

  it('are set by NEWAE, sequence numbers forwards only', async () => {
    const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE;
    const replay = (oseq: number) => [
      { type: XFRMA.REPLAY_VAL, value: encode(xfrmReplayState, { oseq, seq: 0, bitmap: 0 }) },
    ];
    await f.xfrm.tick();
    assert.equal(await f.errno(aevent(XFRM_MSG.NEWAE, 0xc0000001, flags, replay(5000))), 0);
    assert.equal(f.sink.specs('out')[0]?.start_sequence, 5000);
    assert.equal(await f.errno(aevent(XFRM_MSG.NEWAE, 0xc0000001, flags, replay(10))), 0);
    assert.equal(f.sink.specs('out')[0]?.start_sequence, 5000);
    assert.equal(await f.errno(aevent(XFRM_MSG.NEWAE, 0xc0000001, flags)), EINVAL);
    assert.equal(await f.errno(aevent(XFRM_MSG.NEWAE, 0xc0000001, NLM_F_REQUEST, replay(1))), EINVAL);
  });

  it('go along when charon moves the SA by deleting and adding it', async () => {
    const [got] = await f.xfrm.handle(aevent(XFRM_MSG.GETAE, 0xc0000001, NLM_F_REQUEST));
    const attributes = decodeAttributes(got!.payload, xfrmAeventId.size) ?? [];
    const fresh = saRequest(XFRM_MSG.NEWSA, spec({ dst: NEW_PEER }));
    const carried = [XFRMA.REPLAY_VAL, XFRMA.LTIME_VAL].map((type) => ({
      type,
      value: findAttribute(attributes, type)!,
    }));
    const payload = encodePayload(fresh.payload, carried);
    // The tunnel sends on until the SA is gone, and charon knows nothing of it.
    f.sink.count(spec(), { sequence: 5000 });
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, 0xc0000001)), 0);
    assert.equal(await f.errno({ ...fresh, payload }), 0);
    const [moved] = f.sink.specs('out');
    assert.equal(moved?.dst, NEW_PEER);
    assert.equal(moved?.start_sequence, 5000 + MARGIN, 'no number is used twice under one key');
    assert.equal(moved?.added_at_ms, NOW);
  });

  it('never exceed 32 bits when the SA has no more', async () => {
    f.sink.count(spec(), { sequence: 2 ** 32 - 10 });
    await f.xfrm.handle(byId(XFRM_MSG.DELSA, PEER, 0xc0000001));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ dst: NEW_PEER })));
    assert.equal(f.sink.specs('out')[0]?.start_sequence, 2 ** 32 - 1, 'the SA waits for its rekey');
  });

  it('of a received SA go along too: what came meanwhile is not taken twice', async () => {
    const spi = await f.allocated();
    const inbound = spec({ dst: LOCAL, src: PEER, spi, replay_window: 32 });
    await f.xfrm.handle(saRequest(XFRM_MSG.UPDSA, inbound));
    f.sink.count(inbound, { sequence: 77 });
    await f.xfrm.handle(byId(XFRM_MSG.DELSA, LOCAL, spi));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, { ...inbound, src: NEW_PEER }));
    assert.deepEqual(
      f.sink.specs('in').map((sa) => [sa.src, sa.start_sequence]),
      [[NEW_PEER, 77]],
    );
  });

  it('go along with MIGRATE, and so do the policies', async () => {
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
    const [policy] = f.xfrm.spd.all();
    const id = encode(xfrmUserpolicyId, { sel: policy!.info.sel, index: 0, dir: 1 });
    const move = encode(xfrmUserMigrate, {
      old_daddr: addressToXfrm(PEER),
      old_saddr: addressToXfrm(LOCAL),
      new_daddr: addressToXfrm(NEW_PEER),
      new_saddr: addressToXfrm(LOCAL),
      proto: 50,
      mode: 1,
      reserved: 0,
      reqid: 1,
      old_family: 2,
      new_family: 2,
    });
    const message = (ifId: number): Message =>
      request(
        XFRM_MSG.MIGRATE,
        encodePayload(id, [
          { type: XFRMA.MIGRATE, value: move },
          { type: XFRMA.IF_ID, value: encode(u32, ifId) },
        ]),
      );
    assert.equal(await f.errno(message(43)), ENOENT);
    assert.equal(await f.errno(message(42)), 0);
    const [moved] = f.sink.specs('out');
    assert.deepEqual([moved?.dst, moved?.start_sequence, f.sink.sas.size], [NEW_PEER, 1234 + MARGIN, 1]);
    assert.equal(moved?.crypto.key_hex, 'ab'.repeat(36));
    assert.equal(addressFromXfrm(f.xfrm.spd.all()[0]!.templates[0]!.id.daddr, AF_INET), NEW_PEER);
  });
});
