import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EEXIST,
  EINVAL,
  EIO,
  ENOENT,
  ENOSYS,
  ESRCH,
  GROUP,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  XFRM_MSG,
} from '../../src/xfrm/constants.js';
import { xfrmUserAcquire, xfrmUserExpire, xfrmUserMapping } from '../../src/xfrm/event-structs.js';
import type { Message } from '../../src/xfrm/netlink.js';
import { xfrmUserpolicyInfo } from '../../src/xfrm/policy-structs.js';
import { xfrmUsersaInfo } from '../../src/xfrm/sa-structs.js';
import { ip4FromXfrm } from '../../src/xfrm/selector.js';
import { Xfrm } from '../../src/xfrm/xfrm.js';
import { type MemoryLog, memoryLog } from './log.js';
import { MemorySink } from './memory-sink.js';
import {
  allocate,
  byId,
  errnoOf,
  LOCAL,
  NOW,
  PEER,
  policyRequest,
  request,
  saRequest,
  spec,
  spiIn,
  UNLIMITED,
} from './requests.js';

describe('xfrm', () => {
  let dir: string;
  let sink: MemorySink;
  let log: MemoryLog;
  let xfrm: Xfrm;
  let now: number;
  let events: { groups: number; message: Message }[];
  let listening: boolean;

  function begin(): Xfrm {
    const fresh = new Xfrm({ sink, log, spdPath: join(dir, 'spd.json'), now: () => now });
    fresh.onMulticast((groups, message) => {
      if (listening) events.push({ groups, message });
      return listening;
    });
    return fresh;
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-spd-'));
    [sink, log, now, events, listening] = [new MemorySink(), memoryLog(), NOW, [], true];
    xfrm = begin();
  });
  afterEach(async () => {
    await xfrm.flush();
    await rm(dir, { recursive: true, force: true });
  });

  const errno = (message: Message): Promise<number> => errnoOf(xfrm, message);
  const allocated = async (): Promise<number> => spiIn((await xfrm.handle(allocate()))[0]);
  const expiries = (): boolean[] =>
    events
      .filter(({ groups }) => groups === GROUP.EXPIRE)
      .map(({ message }) => xfrmUserExpire.read(message.payload, 0).hard === 1);

  describe('SPIs', () => {
    it('are unique, in the range, and shown until they expire', async () => {
      const spis = new Set<number>();
      for (let i = 0; i < 8; i++) {
        const spi = spiIn((await xfrm.handle(allocate(0x100, 0x107)))[0]);
        assert.ok(spi >= 0x100 && spi <= 0x107 && !spis.has(spi));
        spis.add(spi);
        if (spis.size > 4) break;
      }
      const [first] = spis;
      assert.equal(spiIn((await xfrm.handle(byId(XFRM_MSG.GETSA, LOCAL, first!)))[0]), first);
      now += 165_000;
      await xfrm.tick();
      assert.equal(await errno(byId(XFRM_MSG.GETSA, LOCAL, first!)), ESRCH);
    });

    it('run out with ENOENT, and are refused for an empty range', async () => {
      assert.equal(spiIn((await xfrm.handle(allocate(0x200, 0x200)))[0]), 0x200);
      assert.equal(await errno(allocate(0x200, 0x200)), ENOENT);
      assert.equal(await errno(allocate(0x300, 0x200)), EINVAL);
    });

    it('become inbound SAs by UPDSA; an SPI of the peer is outbound', async () => {
      const spi = await allocated();
      const inbound = spec({ dst: LOCAL, src: PEER, spi, replay_window: 32 });
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, inbound)), EEXIST, 'NEWSA over an allocated SPI');
      assert.equal(await errno(saRequest(XFRM_MSG.UPDSA, inbound)), 0);
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
      assert.deepEqual(
        sink.specs('in').map((sa) => sa.spi),
        [spi],
      );
      assert.deepEqual(
        sink.specs('out').map((sa) => sa.spi),
        [0xc0000001],
      );
      assert.equal(await errno(byId(XFRM_MSG.DELSA, LOCAL, spi)), 0);
      assert.equal(await errno(byId(XFRM_MSG.DELSA, LOCAL, spi)), ESRCH);
    });

    it('that a former instance gave out still become inbound SAs', async () => {
      const inbound = spec({ dst: LOCAL, src: PEER, spi: 0xc1234567 });
      assert.equal(await errno(saRequest(XFRM_MSG.UPDSA, inbound)), ESRCH);
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, inbound)), 0);
      assert.equal(sink.specs('in').length, 1);
    });

    it('keep their direction when charon moves the SA to another address', async () => {
      const spi = await allocated();
      await xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi })));
      await xfrm.handle(byId(XFRM_MSG.DELSA, LOCAL, spi));
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec({ dst: '198.51.100.7', src: PEER, spi }))), 0);
      assert.deepEqual(
        sink.specs('in').map((sa) => sa.dst),
        ['198.51.100.7'],
      );
    });
  });

  describe('SAs', () => {
    it('are acknowledged only once the data plane has them', async () => {
      let open = (): void => {};
      sink.gate = new Promise((resolve) => {
        open = resolve;
      });
      let answered = false;
      const answer = errno(saRequest(XFRM_MSG.NEWSA, spec())).then((code) => {
        answered = true;
        return code;
      });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(answered, false);
      open();
      assert.equal(await answer, 0);
      assert.equal(sink.sas.size, 1);
    });

    it('are accepted twice when the same, refused when another', async () => {
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
      const other = spec({ aead: { algorithm: 'aes-gcm', icv_bytes: 16, key_hex: 'cd'.repeat(36) } });
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, other)), EEXIST);
      assert.equal(sink.history.length, 1);
    });

    it('are refused when the data plane refuses, and the log says why', async () => {
      sink.refuse = 'no tunnel has if_id 42';
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), EIO);
      assert.equal(xfrm.sad.size, 0);
      assert.match(log.lines.join('\n'), /refused SA 192\.0\.2\.2 c0000001: no tunnel has if_id 42/);
    });

    it('are refused when the algorithm is not AES-GCM', async () => {
      const message = saRequest(XFRM_MSG.NEWSA, spec());
      message.payload.write('rfc4309(ccm(aes))\0', xfrmUsersaInfo.size + 4);
      assert.equal(await errno(message), ENOSYS);
      assert.match(log.lines.join('\n'), /uses rfc4309\(ccm\(aes\)\).*esp_proposals/);
    });

    it('are kept while the data plane is away and installed when it is back', async () => {
      sink.available = false;
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), 0);
      assert.equal(await errno(byId(XFRM_MSG.GETSA, PEER, 0xc0000001)), 0);
      sink.available = true;
      await xfrm.sync();
      assert.equal(sink.specs('out').length, 1);
      sink.available = false;
      assert.equal(await errno(byId(XFRM_MSG.DELSA, PEER, 0xc0000001)), 0);
      sink.available = true;
      await xfrm.tick();
      assert.equal(sink.sas.size, 0);
    });

    it('show live figures, and the last known ones without a data plane', async () => {
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      sink.count(spec(), { packets: 3, bytes: 300, first_used_at_ms: NOW });
      const figures = async (): Promise<[number, number]> => {
        const [answer] = await xfrm.handle(byId(XFRM_MSG.GETSA, PEER, 0xc0000001, NLM_F_REQUEST));
        const { curlft } = xfrmUsersaInfo.read(answer!.payload, 0);
        return [curlft.packets, curlft.bytes];
      };
      assert.deepEqual(await figures(), [3, 300]);
      sink.available = false;
      assert.deepEqual(await figures(), [3, 300]);
    });

    it('are dumped, flushed, and their keys zeroed', async () => {
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ spi: 0xc0000002 })));
      const dump = await xfrm.handle(request(XFRM_MSG.GETSA, Buffer.alloc(0), NLM_F_REQUEST | NLM_F_DUMP));
      assert.deepEqual(
        dump.map(({ type }) => type),
        [XFRM_MSG.NEWSA, XFRM_MSG.NEWSA, NLMSG_DONE],
      );
      const key = xfrm.sad.get(spec())!.key;
      assert.equal(await errno(request(XFRM_MSG.FLUSHSA, Buffer.of(51, 0, 0, 0))), 0);
      assert.equal(sink.sas.size, 2, 'AH is not ESP');
      assert.equal(await errno(request(XFRM_MSG.FLUSHSA, Buffer.of(50, 0, 0, 0))), 0);
      assert.equal(sink.sas.size, 0);
      assert.ok(key.every((octet) => octet === 0));
      assert.ok(!log.lines.join('').includes('abababab'), 'a key was logged');
    });
  });

  describe('restarts', () => {
    it('of the data plane: SAs come back with their sequence numbers and counts', async () => {
      await xfrm.sync();
      const spi = await allocated();
      await xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi })));
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      sink.count(spec(), { sequence: 1000, packets: 1000, bytes: 9000 });
      sink.count({ dst: LOCAL, spi }, { sequence: 77, packets: 70, bytes: 700 });
      await xfrm.tick();
      sink.restart();
      now += 3000;
      assert.deepEqual(await xfrm.sync(), { adopted: 0, installed: 2, removed: 0 });
      assert.equal(sink.specs('out')[0]?.start_sequence, 1000);
      assert.equal(sink.specs('in')[0]?.start_sequence, 77);
      const [answer] = await xfrm.handle(byId(XFRM_MSG.GETSA, PEER, 0xc0000001, NLM_F_REQUEST));
      assert.equal(xfrmUsersaInfo.read(answer!.payload, 0).curlft.bytes, 9000);
    });

    it('of the bridge: SAD and SPD come back, what was not there goes', async () => {
      await xfrm.sync();
      await xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      await xfrm.flush();
      assert.equal((await stat(join(dir, 'spd.json'))).mode & 0o777, 0o600);
      assert.ok(!(await readFile(join(dir, 'spd.json'), 'utf8')).includes('abab'));

      xfrm = begin();
      await xfrm.load();
      assert.deepEqual(await xfrm.sync(), { adopted: 1, installed: 0, removed: 0 });
      assert.equal(xfrm.spd.size, 1);
      assert.equal(await errno(saRequest(XFRM_MSG.NEWSA, spec())), 0, 'the same SA again');
      await sink.install(spec({ spi: 0xc0000009 }));
      assert.deepEqual(await xfrm.sync(), { adopted: 0, installed: 0, removed: 1 });
      assert.equal(await errno(byId(XFRM_MSG.DELSA, PEER, 0xc0000001)), 0);
      assert.equal(sink.sas.size, 0);
    });
  });

  describe('lifetimes', () => {
    const cases: [string, Partial<typeof UNLIMITED>, () => void][] = [
      ['seconds since added', { soft_add_s: 10, hard_add_s: 20 }, () => (now += 10_000)],
      ['octets', { soft_bytes: 1000, hard_bytes: 2000 }, () => bump({ bytes: 1000 })],
      ['packets', { soft_packets: 5, hard_packets: 10 }, () => bump({ packets: 5 })],
    ];
    let used = { bytes: 0, packets: 0 };
    function bump(by: Partial<typeof used>): void {
      used = { bytes: used.bytes + (by.bytes ?? 0), packets: used.packets + (by.packets ?? 0) };
      sink.count(spec(), { ...used, first_used_at_ms: NOW });
    }
    beforeEach(() => {
      used = { bytes: 0, packets: 0 };
    });
    for (const [what, lifetime, half] of cases) {
      it(`by ${what} are raised once soft and once hard`, async () => {
        await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, ...lifetime } })));
        await xfrm.tick();
        assert.deepEqual(expiries(), []);
        half();
        await xfrm.tick();
        await xfrm.tick();
        assert.deepEqual(expiries(), [false]);
        half();
        await xfrm.tick();
        await xfrm.tick();
        assert.deepEqual(expiries(), [false, true]);
        assert.equal(sink.sas.size, 0);
        assert.equal(await errno(byId(XFRM_MSG.GETSA, PEER, 0xc0000001)), ESRCH);
      });
    }

    it('by seconds since first used begin with the first packet', async () => {
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, soft_use_s: 5 } })));
      now += 100_000;
      await xfrm.tick();
      assert.deepEqual(expiries(), []);
      sink.count(spec(), { first_used_at_ms: now });
      now += 5000;
      await xfrm.tick();
      assert.deepEqual(expiries(), [false]);
    });

    it('wait for somebody to hear of them', async () => {
      listening = false;
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ lifetime: { ...UNLIMITED, soft_add_s: 10 } })));
      now += 10_000;
      await xfrm.tick();
      listening = true;
      await xfrm.tick();
      assert.deepEqual(expiries(), [false]);
    });

    it('end softly when sequence numbers run low, once', async () => {
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      xfrm.sequenceLow(spec());
      xfrm.sequenceLow(spec());
      assert.deepEqual(expiries(), [false]);
    });
  });

  describe('policies', () => {
    it('are added, replaced, found and removed by their key', async () => {
      assert.equal(await errno(policyRequest(XFRM_MSG.NEWPOLICY)), 0);
      assert.equal(await errno(policyRequest(XFRM_MSG.NEWPOLICY)), EEXIST);
      assert.equal(await errno(policyRequest(XFRM_MSG.UPDPOLICY, { priority: 5 })), 0);
      assert.equal(await errno(policyRequest(XFRM_MSG.NEWPOLICY, { ifId: 43 })), 0, 'another interface');
      assert.equal(await errno(policyRequest(XFRM_MSG.NEWPOLICY, { dir: 0 })), 0, 'another direction');
      assert.equal(await errno(policyRequest(XFRM_MSG.NEWPOLICY, { dir: 3 })), EINVAL);
      const [policy] = xfrm.spd.all();
      assert.equal(policy?.info.priority, 5);
      const { sel, index } = policy!.info;
      const asked = Buffer.alloc(64);
      asked.writeUInt32LE(index, 56);
      asked.writeUInt8(1, 60);
      const [answer] = await xfrm.handle(request(XFRM_MSG.GETPOLICY, asked, NLM_F_REQUEST));
      assert.deepEqual(xfrmUserpolicyInfo.read(answer!.payload, 0).sel, sel);
      assert.equal(await errno(request(XFRM_MSG.DELPOLICY, asked)), 0);
      assert.equal(await errno(request(XFRM_MSG.DELPOLICY, asked)), ENOENT);
      assert.equal(await errno(request(XFRM_MSG.FLUSHPOLICY, Buffer.alloc(0))), 0);
      assert.equal(xfrm.spd.size, 0);
    });

    it('give SAs their selector, unless several share the SA', async () => {
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      assert.equal(sink.specs('out')[0]?.selector, null);
      await xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { src: '10.1.0.0/16', dst: '10.2.0.0/16' }));
      assert.deepEqual(sink.specs('out')[0]?.selector, {
        src: '10.1.0.0/16',
        dst: '10.2.0.0/16',
        protocol: 0,
      });
      await xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { src: '10.1.0.0/16', dst: '10.3.0.0/16' }));
      assert.equal(sink.specs('out')[0]?.selector, null);
    });

    it('say when they were used last', async () => {
      await xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY));
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec()));
      sink.count(spec(), { last_used_at_ms: NOW - 4000 });
      const asked = Buffer.alloc(64);
      asked.writeUInt32LE(xfrm.spd.all()[0]!.info.index, 56);
      asked.writeUInt8(1, 60);
      const [answer] = await xfrm.handle(request(XFRM_MSG.GETPOLICY, asked, NLM_F_REQUEST));
      assert.equal(xfrmUserpolicyInfo.read(answer!.payload, 0).curlft.use_time, (NOW - 4000) / 1000);
    });

    it('turn a packet without an SA into an ACQUIRE, not again at once', async () => {
      await xfrm.handle(policyRequest(XFRM_MSG.NEWPOLICY, { dst: '10.2.0.0/16', reqid: 9 }));
      const packet = { if_id: 42, src: '10.1.0.1', dst: '10.2.0.1', protocol: 17 };
      assert.equal(xfrm.acquire({ ...packet, dst: '10.9.0.1' }), false);
      assert.equal(xfrm.acquire({ ...packet, if_id: 41 }), false);
      assert.equal(xfrm.acquire(packet), true);
      assert.equal(xfrm.acquire(packet), true);
      assert.equal(events.length, 1);
      const acquire = xfrmUserAcquire.read(events[0]!.message.payload, 0);
      assert.equal(events[0]!.groups, GROUP.ACQUIRE);
      assert.equal(ip4FromXfrm(acquire.id.daddr), PEER);
      assert.equal(ip4FromXfrm(acquire.sel.daddr), '10.2.0.1');
      assert.equal(acquire.sel.prefixlen_d, 32);
    });
  });

  it('announces a new address of a peer', async () => {
    const spi = await allocated();
    const encap = { src_port: 4500, dst_port: 4500 };
    await xfrm.handle(saRequest(XFRM_MSG.UPDSA, spec({ dst: LOCAL, src: PEER, spi, encap })));
    xfrm.mapping({ dst: LOCAL, spi }, '203.0.113.9', 1024);
    const mapping = xfrmUserMapping.read(events[0]!.message.payload, 0);
    assert.deepEqual(
      [
        mapping.id.spi,
        ip4FromXfrm(mapping.old_saddr),
        mapping.old_sport,
        ip4FromXfrm(mapping.new_saddr),
        mapping.new_sport,
      ],
      [spi, PEER, 4500, '203.0.113.9', 1024],
    );
  });

  it('answers requests that it does not know with EINVAL', async () => {
    assert.equal(await errno(request(0x7f, Buffer.alloc(0))), EINVAL);
    assert.equal(await errno(request(XFRM_MSG.NEWSA, Buffer.alloc(3))), EINVAL);
    assert.deepEqual(await xfrm.handle(request(XFRM_MSG.NEWSA, Buffer.alloc(3), 0)), [], 'not a request');
  });
});
