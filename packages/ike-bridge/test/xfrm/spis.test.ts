import assert from 'node:assert/strict';
import { EEXIST, EINVAL, ENOENT, ESRCH, XFRM_MSG } from '../../src/xfrm/constants.js';
import { Fixture } from './fixture.js';
import { allocate, byId, LOCAL, PEER, saRequest, spec, spiIn } from './requests.js';

describe('xfrm SPIs', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  it('are unique, in the range, and shown until they expire', async () => {
    const spis = new Set<number>();
    for (let i = 0; i < 8; i++) {
      const spi = spiIn((await f.xfrm.handle(allocate(0x100, 0x107)))[0]);
      assert.ok(spi >= 0x100 && spi <= 0x107 && !spis.has(spi));
      spis.add(spi);
      if (spis.size > 4) break;
    }
    const [first] = spis;
    assert.equal(spiIn((await f.xfrm.handle(byId(XFRM_MSG.GETSA, LOCAL, first!)))[0]), first);
    f.now += 165_000;
    await f.xfrm.tick();
    assert.equal(await f.errno(byId(XFRM_MSG.GETSA, LOCAL, first!)), ESRCH);
  });

  it('run out with ENOENT, and are refused for an empty range', async () => {
    assert.equal(spiIn((await f.xfrm.handle(allocate(0x200, 0x200)))[0]), 0x200);
    assert.equal(await f.errno(allocate(0x200, 0x200)), ENOENT);
    assert.equal(await f.errno(allocate(0x300, 0x200)), EINVAL);
  });

  it('become inbound SAs by UPDSA; an SPI of the peer is outbound', async () => {
    const spi = await f.allocated();
    const inbound = spec({ dst: LOCAL, src: PEER, spi, replay_window: 32 });
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, inbound)), EEXIST, 'NEWSA over an allocated SPI');
    assert.equal(await f.errno(saRequest(XFRM_MSG.UPDSA, inbound)), 0);
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
    assert.deepEqual(
      f.sink.specs('in').map((sa) => sa.spi),
      [spi],
    );
    assert.deepEqual(
      f.sink.specs('out').map((sa) => sa.spi),
      [0xc0000001],
    );
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, LOCAL, spi)), 0);
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, LOCAL, spi)), ESRCH);
  });

  it('that a former instance gave out still become inbound SAs', async () => {
    const inbound = spec({ dst: LOCAL, src: PEER, spi: 0xc1234567 });
    assert.equal(await f.errno(saRequest(XFRM_MSG.UPDSA, inbound)), ESRCH);
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, inbound)), 0);
    assert.equal(f.sink.specs('in').length, 1);
  });

  it('keep their direction when charon moves the SA to another address', async () => {
    const spi = await f.allocated();
    await f.xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi })));
    await f.xfrm.handle(byId(XFRM_MSG.DELSA, LOCAL, spi));
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec({ dst: '198.51.100.7', src: PEER, spi }))), 0);
    assert.deepEqual(
      f.sink.specs('in').map((sa) => sa.dst),
      ['198.51.100.7'],
    );
  });
});
