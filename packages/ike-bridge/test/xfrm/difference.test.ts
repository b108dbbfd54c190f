// SAs that the data plane or the SAD lacks while nobody has restarted: noticed within two looks, and repaired.
import assert from 'node:assert/strict';
import { XFRM_MSG } from '../../src/xfrm/constants.js';
import { Fixture } from './fixture.js';
import { saRequest, spec } from './requests.js';

describe('SAD and data plane', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
    await f.xfrm.sync();
    await f.errno(saRequest(XFRM_MSG.NEWSA, spec()));
  });
  afterEach(() => f.end());

  const ticks = async (): Promise<boolean[]> => [await f.xfrm.tick(), await f.xfrm.tick()];

  it('agree, and nothing is said', async () => {
    assert.deepEqual(await ticks(), [false, false]);
  });

  it('differ by one that the data plane has lost', async () => {
    f.sink.restart();
    assert.deepEqual(await ticks(), [false, true]);
    assert.deepEqual(await f.xfrm.sync(), { adopted: 0, installed: 1, removed: 0 });
    assert.deepEqual(await ticks(), [false, false]);
    assert.equal(f.sink.sas.size, 1);
  });

  it('differ by one that nobody knows', async () => {
    await f.sink.install(spec({ spi: 0xc0000099 }));
    assert.deepEqual(await ticks(), [false, true]);
    assert.deepEqual(await f.xfrm.sync(), { adopted: 0, installed: 0, removed: 1 });
    assert.deepEqual(await ticks(), [false, false]);
    assert.equal(f.sink.sas.size, 1);
  });

  it('are not compared while the data plane is away', async () => {
    f.sink.restart();
    await f.xfrm.tick();
    f.sink.available = false;
    assert.deepEqual(await ticks(), [false, false]);
  });
});
