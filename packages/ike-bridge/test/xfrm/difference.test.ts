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

  /** Lets a look take so long; returns how often the data plane has been asked since. */
  const slowly = (tookMs: number): (() => number) => {
    let polls = 0;
    const poll = f.sink.poll.bind(f.sink);
    f.sink.poll = () => {
      polls++;
      f.now += tookMs;
      return poll();
    };
    return () => polls;
  };

  it('are looked at in every turn while that takes little time', async () => {
    const polls = slowly(49);
    await ticks();
    assert.equal(polls(), 2);
  });

  it('are looked at for a twentieth of the time when a look takes long, and repaired as before', async () => {
    const polls = slowly(100);
    f.sink.restart();
    assert.equal(await f.xfrm.tick(), false);
    f.now += 1999;
    assert.equal(await f.xfrm.tick(), false);
    assert.equal(polls(), 1);
    f.now += 1;
    assert.equal(await f.xfrm.tick(), true);
    assert.equal(polls(), 2);
  });

  it('are looked at after five seconds at the latest, and when the clock goes back', async () => {
    const polls = slowly(3000);
    await f.xfrm.tick();
    f.now += 4999;
    await f.xfrm.tick();
    assert.equal(polls(), 1);
    f.now += 1;
    await f.xfrm.tick();
    assert.equal(polls(), 2);
    f.now -= 3_600_000;
    await f.xfrm.tick();
    assert.equal(polls(), 3);
  });
});
