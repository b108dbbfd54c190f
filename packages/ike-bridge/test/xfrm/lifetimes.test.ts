import assert from 'node:assert/strict';
import { ESRCH, XFRM_MSG } from '../../src/xfrm/constants.js';
import { Fixture } from './fixture.js';
import { byId, NOW, PEER, saRequest, spec, UNLIMITED } from './requests.js';

describe('xfrm lifetimes', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  const cases: [string, Partial<typeof UNLIMITED>, () => void][] = [
    ['seconds since added', { soft_add_s: 10, hard_add_s: 20 }, () => (f.now += 10_000)],
    ['octets', { soft_bytes: 1000, hard_bytes: 2000 }, () => bump({ bytes: 1000 })],
    ['packets', { soft_packets: 5, hard_packets: 10 }, () => bump({ packets: 5 })],
  ];
  let used = { bytes: 0, packets: 0 };
  function bump(by: Partial<typeof used>): void {
    used = { bytes: used.bytes + (by.bytes ?? 0), packets: used.packets + (by.packets ?? 0) };
    f.sink.count(spec(), { ...used, first_used_at_ms: NOW });
  }
  beforeEach(() => {
    used = { bytes: 0, packets: 0 };
  });
  for (const [what, lifetime, half] of cases) {
    it(`by ${what} are raised once soft and once hard`, async () => {
      await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, ...lifetime } })));
      await f.xfrm.tick();
      assert.deepEqual(f.expiries(), []);
      half();
      await f.xfrm.tick();
      await f.xfrm.tick();
      assert.deepEqual(f.expiries(), [false]);
      half();
      await f.xfrm.tick();
      await f.xfrm.tick();
      assert.deepEqual(f.expiries(), [false, true]);
      assert.equal(f.sink.sas.size, 0);
      assert.equal(await f.errno(byId(XFRM_MSG.GETSA, PEER, 0xc0000001)), ESRCH);
    });
  }

  it('by seconds since first used begin with the first packet', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, soft_use_s: 5 } })));
    f.now += 100_000;
    await f.xfrm.tick();
    assert.deepEqual(f.expiries(), []);
    f.sink.count(spec(), { first_used_at_ms: f.now });
    f.now += 5000;
    await f.xfrm.tick();
    assert.deepEqual(f.expiries(), [false]);
  });

  it('wait for somebody to hear of them', async () => {
    f.listening = false;
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, soft_add_s: 10 } })));
    f.now += 10_000;
    await f.xfrm.tick();
    f.listening = true;
    await f.xfrm.tick();
    assert.deepEqual(f.expiries(), [false]);
  });

  it('end softly when sequence numbers run low, once', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.listening = false;
    f.xfrm.sequenceLow(spec());
    f.listening = true;
    await f.xfrm.tick();
    f.xfrm.sequenceLow(spec());
    assert.deepEqual(f.expiries(), [false]);
  });

  it('end softly when the figures show that sequence numbers run low', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.sink.count(spec(), { sequence: 2 ** 32 - 2 ** 28 });
    await f.xfrm.tick();
    assert.deepEqual(f.expiries(), [false]);
  });
});
