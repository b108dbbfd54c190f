// What is done otherwise where there are many SAs and policies.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NLM_F_REQUEST, XFRM_MSG } from '../../src/xfrm/constants.js';
import { SpdStore } from '../../src/xfrm/spd-store.js';
import { Fixture } from './fixture.js';
import { byId, PEER, policyRequest, request, saRequest, spec } from './requests.js';

/** More than are asked for one by one. */
const MANY = 80;
const FIRST_SPI = 0xc0000001;

describe('xfrm with many SAs', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  const install = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++)
      assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec({ spi: FIRST_SPI + i, if_id: i + 1 }))), 0);
  };
  const shown = async (): Promise<string> => {
    const [answer] = await f.xfrm.handle(byId(XFRM_MSG.GETSA, PEER, FIRST_SPI, NLM_F_REQUEST));
    return answer!.payload.toString('hex');
  };

  it('tells of live figures while there are few of them', async () => {
    await install(2);
    const before = await shown();
    f.sink.count(spec(), { packets: 7, sequence: 7 });
    assert.notEqual(await shown(), before);
  });

  it('tells of the figures of the last second, and asks for none one by one', async () => {
    await install(MANY);
    const before = await shown();
    f.sink.count(spec(), { packets: 7, sequence: 7 });
    assert.equal(await shown(), before);
    await f.xfrm.tick();
    assert.notEqual(await shown(), before);
  });

  it('changes the selectors of one tunnel by a policy of it', async () => {
    await install(MANY);
    const before = f.sink.history.length;
    assert.equal(await f.errno(policyRequest(XFRM_MSG.NEWPOLICY, { ifId: 42 })), 0);
    assert.ok(f.sink.history.length - before <= 1, f.sink.history.slice(before).join());
    assert.equal(f.xfrm.spd.size, 1);
  });

  it('gives each policy an index of its own, by which it is found', async () => {
    for (let ifId = 1; ifId <= MANY; ifId++) await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { ifId }));
    const indexes = f.xfrm.spd.all().map(({ info }) => info.index);
    assert.equal(new Set(indexes).size, MANY);
    for (const policy of f.xfrm.spd.all())
      assert.equal(f.xfrm.spd.byIndex(policy.info.index, policy.info.dir), policy);
    const [first] = f.xfrm.spd.all();
    f.xfrm.spd.remove(first!);
    assert.equal(f.xfrm.spd.byIndex(first!.info.index, first!.info.dir), undefined);
    assert.equal(await f.errno(request(XFRM_MSG.FLUSHPOLICY, Buffer.alloc(0))), 0);
    assert.equal(f.xfrm.spd.byIndex(indexes[1]!, first!.info.dir), undefined);
  });

  it('writes policies that come in a row a few times, and all of them before it ends', async () => {
    const path = join(f.dir, 'row.json');
    const store = new SpdStore(path, f.log);
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
    const policies = f.xfrm.spd.all();
    let written = 0;
    for (let i = 0; i < 1000; i++) {
      store.save(() => {
        written++;
        return i === 999 ? policies : [];
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.flush();
    assert.ok(written < 500, `written ${written} times`);
    assert.equal(JSON.parse(await readFile(path, 'utf8')).policies.length, 1);
  });
});
