import assert from 'node:assert/strict';
import {
  AF_INET,
  EEXIST,
  EINVAL,
  EIO,
  ENOSYS,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  XFRM_MSG,
} from '../../src/xfrm/constants.js';
import { xfrmUserMapping } from '../../src/xfrm/event-structs.js';
import { xfrmUsersaInfo } from '../../src/xfrm/sa-structs.js';
import { addressFromXfrm } from '../../src/xfrm/selector.js';
import { Fixture } from './fixture.js';
import { byId, LOCAL, NOW, PEER, request, saRequest, spec } from './requests.js';

describe('xfrm SAs', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await Fixture.make();
  });
  afterEach(() => f.end());

  it('are acknowledged only once the data plane has them', async () => {
    let open = (): void => {};
    f.sink.gate = new Promise((resolve) => {
      open = resolve;
    });
    let answered = false;
    const answer = f.errno(saRequest(XFRM_MSG.NEWSA, spec())).then((code) => {
      answered = true;
      return code;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    open();
    assert.equal(await answer, 0);
    assert.equal(f.sink.sas.size, 1);
  });

  it('are accepted twice when the same, refused when another', async () => {
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
    const other = spec({
      crypto: {
        cipher: 'aes-gcm',
        key_hex: 'cd'.repeat(36),
        integrity: 'none',
        integrity_key_hex: '',
        icv_bytes: 16,
      },
    });
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, other)), EEXIST);
    assert.equal(f.sink.history.length, 1);
  });

  it('are refused when the data plane refuses, and the log says why', async () => {
    f.sink.refuse = 'no tunnel has if_id 42';
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), EIO);
    assert.equal(f.xfrm.sad.size, 0);
    assert.match(f.log.lines.join('\n'), /refused SA 192\.0\.2\.2 c0000001: no tunnel has if_id 42/);
  });

  it('are refused when the data plane cannot do the algorithm', async () => {
    const message = saRequest(XFRM_MSG.NEWSA, spec());
    message.payload.write('rfc4309(ccm(aes))\0', xfrmUsersaInfo.size + 4);
    assert.equal(await f.errno(message), ENOSYS);
    assert.match(f.log.lines.join('\n'), /uses rfc4309\(ccm\(aes\)\).*esp_proposals/);
  });

  it('are kept while the data plane is away and installed when it is back', async () => {
    f.sink.available = false;
    assert.equal(await f.errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
    assert.equal(await f.errno(byId(XFRM_MSG.GETSA, PEER, 0xc0000001)), 0);
    f.sink.available = true;
    await f.xfrm.sync();
    assert.equal(f.sink.specs('out').length, 1);
    f.sink.available = false;
    assert.equal(await f.errno(byId(XFRM_MSG.DELSA, PEER, 0xc0000001)), 0);
    f.sink.available = true;
    await f.xfrm.tick();
    assert.equal(f.sink.sas.size, 0);
  });

  it('show live figures, and the last known ones without a data plane', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    f.sink.count(spec(), { packets: 3, bytes: 300, first_used_at_ms: NOW });
    const figures = async (): Promise<[number, number]> => {
      const [answer] = await f.xfrm.handle(byId(XFRM_MSG.GETSA, PEER, 0xc0000001, NLM_F_REQUEST));
      const { curlft } = xfrmUsersaInfo.read(answer!.payload, 0);
      return [curlft.packets, curlft.bytes];
    };
    assert.deepEqual(await figures(), [3, 300]);
    f.sink.available = false;
    assert.deepEqual(await figures(), [3, 300]);
  });

  it('are dumped, flushed, and their keys zeroed', async () => {
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
    await f.xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ spi: 0xc0000002 })));
    const dump = await f.xfrm.handle(request(XFRM_MSG.GETSA, Buffer.alloc(0), NLM_F_REQUEST | NLM_F_DUMP));
    assert.deepEqual(
      dump.map(({ type }) => type),
      [XFRM_MSG.NEWSA, XFRM_MSG.NEWSA, NLMSG_DONE],
    );
    const { key } = f.xfrm.sad.get(spec())!.crypto;
    assert.equal(await f.errno(request(XFRM_MSG.FLUSHSA, Buffer.of(51, 0, 0, 0))), 0);
    assert.equal(f.sink.sas.size, 2, 'AH is not ESP');
    assert.equal(await f.errno(request(XFRM_MSG.FLUSHSA, Buffer.of(50, 0, 0, 0))), 0);
    assert.equal(f.sink.sas.size, 0);
    assert.ok(key.every((octet) => octet === 0));
    assert.ok(!f.log.lines.join('').includes('abababab'), 'a key was logged');
  });

  it('announces a new address of a peer', async () => {
    const spi = await f.allocated();
    const encap = { src_port: 4500, dst_port: 4500 };
    await f.xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi, encap })));
    f.xfrm.mapping({ dst: LOCAL, spi }, '203.0.113.9', 1024);
    const mapping = xfrmUserMapping.read(f.events[0]!.message.payload, 0);
    assert.deepEqual(
      [
        mapping.id.spi,
        addressFromXfrm(mapping.old_saddr, AF_INET),
        mapping.old_sport,
        addressFromXfrm(mapping.new_saddr, AF_INET),
        mapping.new_sport,
      ],
      [spi, PEER, 4500, '203.0.113.9', 1024],
    );
  });

  it('answers requests that it does not know with EINVAL', async () => {
    assert.equal(await f.errno(request(0x7f, Buffer.alloc(0))), EINVAL);
    assert.equal(await f.errno(request(XFRM_MSG.NEWSA, Buffer.alloc(3))), EINVAL);
    assert.deepEqual(await f.xfrm.handle(request(XFRM_MSG.NEWSA, Buffer.alloc(3), 0)), [], 'not a request');
  });
});
