// An inbound SA that charon deletes while another carries the same traffic: its last packets are on their way.
import assert from 'node:assert/strict';
import { ESRCH, XFRM_MSG } from '../../src/xfrm/constants.js';
import { Fixture } from './fixture.js';
import { byId, LOCAL, PEER, saRequest, spec } from './requests.js';

describe('a deleted SA', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  const inbound = async (ifId = 42): Promise<number> => {
    const spi = await f.allocated();
    const sa = spec({ spi, direction: 'in', src: PEER, dst: LOCAL, if_id: ifId });
    assert.equal(await f.errno(saRequest(XFRM_MSG.UPDSA, sa)), 0);
    return spi;
  };
  const remove = async (spi: number, dst = LOCAL): Promise<void> => {
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, dst, spi)), 0);
    assert.equal(await f.errno(byId(XFRM_MSG.GETSA, dst, spi)), ESRCH);
  };
  const present = (): number[] => f.sink.specs('in').map(({ spi }) => spi);

  it('goes on receiving for two seconds when it has a twin', async () => {
    await f.xfrm.sync();
    const [old, twin] = [await inbound(), await inbound()];
    f.sink.count({ dst: LOCAL, spi: old }, { last_used_at_ms: f.now });
    await remove(old);
    f.now += 1999;
    await f.xfrm.tick();
    assert.deepEqual(await f.xfrm.sync(), { adopted: 0, installed: 0, removed: 0 });
    assert.deepEqual(present(), [old, twin]);
    f.now += 1;
    await f.xfrm.tick();
    assert.deepEqual(present(), [twin]);
  });

  it('goes at once when nothing has come by it of late', async () => {
    const [old, twin] = [await inbound(), await inbound()];
    f.sink.count({ dst: LOCAL, spi: old }, { last_used_at_ms: f.now - 2000 });
    await remove(old);
    assert.deepEqual(present(), [twin]);
  });

  it('goes at once when it is the only one of its tunnel', async () => {
    const [old, other] = [await inbound(), await inbound(43)];
    await remove(old);
    assert.deepEqual(present(), [other]);
  });

  it('goes at once when it is outbound', async () => {
    for (const spi of [1, 2]) await f.errno(saRequest(XFRM_MSG.NEWSA, spec({ spi })));
    await remove(1, PEER);
    assert.deepEqual(
      f.sink.specs('out').map(({ spi }) => spi),
      [2],
    );
  });

  it('is asked for again when the data plane is away in the end', async () => {
    const [old, twin] = [await inbound(), await inbound()];
    await remove(old);
    f.sink.available = false;
    f.now += 3000;
    await f.xfrm.tick();
    f.sink.available = true;
    assert.deepEqual(present(), [old, twin]);
    await f.xfrm.tick();
    assert.deepEqual(present(), [twin]);
  });

  it('goes after its outbound twin when both are dropped, and receives meanwhile', async () => {
    const [old, twin] = [await inbound(), await inbound()];
    await f.errno(saRequest(XFRM_MSG.NEWSA, spec({ spi: 1 })));
    f.sink.count({ dst: LOCAL, spi: old }, { last_used_at_ms: f.now });
    await f.xfrm.drop([
      { dst: LOCAL, spi: old },
      { dst: PEER, spi: 1 },
    ]);
    assert.deepEqual(f.sink.specs('out'), []);
    assert.deepEqual(present(), [old, twin]);
    f.now += 2000;
    await f.xfrm.tick();
    assert.deepEqual(present(), [twin]);
    assert.deepEqual(
      f.sink.history.filter((what) => what.startsWith('remove')).map((what) => what.split(' ')[1]),
      ['out', 'in'],
    );
  });
});
