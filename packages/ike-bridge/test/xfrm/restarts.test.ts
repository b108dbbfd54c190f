import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NLM_F_REQUEST, XFRM_MSG } from '../../src/xfrm/constants.js';
import { xfrmUsersaInfo } from '../../src/xfrm/sa-structs.js';
import { Fixture } from './fixture.js';
import { byId, LOCAL, PEER, policyRequest, saRequest, spec } from './requests.js';

describe('xfrm after a restart', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  it('of the data plane: SAs come back with their sequence numbers and counts', async () => {
    await f.xfrm.sync();
    const spi = await f.allocated();
    await f.xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi })));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.sink.count(spec(), { sequence: 1000, packets: 1000, bytes: 9000 });
    f.sink.count({ dst: LOCAL, spi }, { sequence: 77, packets: 70, bytes: 700 });
    await f.xfrm.tick();
    f.sink.restart();
    f.now += 3000;
    assert.deepEqual(await f.xfrm.sync(), { adopted: 0, installed: 2, removed: 0 });
    assert.equal(f.sink.specs('out')[0]?.start_sequence, 1000);
    assert.equal(f.sink.specs('in')[0]?.start_sequence, 77);
    const [answer] = await f.xfrm.handle(byId(XFRM_MSG.GETSA, PEER, 0xc0000001, NLM_F_REQUEST));
    assert.equal(xfrmUsersaInfo.read(answer!.payload, 0).curlft.bytes, 9000);
  });

  it('of the bridge: SAD and SPD come back, what was not there goes', async () => {
    await f.xfrm.sync();
    await f.xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    await f.xfrm.flush();
    assert.equal((await stat(join(f.dir, 'spd.json'))).mode & 0o777, 0o600);
    assert.ok(!(await readFile(join(f.dir, 'spd.json'), 'utf8')).includes('abab'));

    f.begin();
    await f.xfrm.load();
    assert.deepEqual(await f.xfrm.sync(), { adopted: 1, installed: 0, removed: 0 });
    assert.equal(f.xfrm.spd.size, 1);
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), 0, 'the same SA again');
    await f.sink.install(spec({ spi: 0xc0000009 }));
    assert.deepEqual(await f.xfrm.sync(), { adopted: 0, installed: 0, removed: 1 });
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, 0xc0000001)), 0);
    assert.equal(f.sink.sas.size, 0);
  });
});
