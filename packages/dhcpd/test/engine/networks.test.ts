import assert from 'node:assert/strict';
import { formatIp4 } from '@sluice/shared';
import { DISCOVER, REQUEST } from '../../src/wire/codes.js';
import { encodeAddress } from '../../src/wire/option-values.js';
import { clientMessage, onLink, routed } from '../support/client.js';
import { LAN, World } from '../support/world.js';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const FLOOR = { subnet: '10.5.0.0/24', pools: [{ range: '10.5.0.10-10.5.0.99' }], probe_ms: 0 };
const OPTION_82 = Buffer.concat([
  Buffer.from('0104', 'hex'),
  Buffer.from('port'),
  Buffer.from('020201ff', 'hex'),
]);

describe('networks, pools and places', () => {
  it('serves a network behind a relay by its address, echoes what the relay added as the last option', () => {
    const world = new World(LAN, FLOOR);
    const { answer, message } = world.answer(
      {
        type: DISCOVER,
        mac: A,
        giaddr: '10.5.0.1',
        more: [
          [82, OPTION_82],
          [61, Buffer.from('01aabb', 'hex')],
        ],
      },
      routed('10.5.0.1', '10.1.0.1'),
    );
    assert.equal(formatIp4(message.yiaddr), '10.5.0.10');
    assert.deepEqual(answer.to, { kind: 'relay', address: 0x0a050001 });
    assert.equal(formatIp4(answer.source), '10.1.0.1');
    assert.deepEqual(message.options.get(82), OPTION_82);
    assert.equal([...message.options.keys()].at(-1), 82);
    assert.equal(message.options.get(61)?.toString('hex'), '01aabb', 'RFC 6842');
  });

  it('goes by the link that a relay names, and by the address that it answers for', () => {
    const world = new World(LAN, FLOOR);
    const link = Buffer.concat([Buffer.from('0504', 'hex'), encodeAddress('10.5.0.0')]);
    const override = Buffer.concat([Buffer.from('0b04', 'hex'), encodeAddress('10.5.0.1')]);
    const { message } = world.answer(
      { type: DISCOVER, mac: A, giaddr: '192.0.2.1', more: [[82, Buffer.concat([link, override])]] },
      routed('192.0.2.1', '10.1.0.1'),
    );
    assert.equal(formatIp4(message.yiaddr), '10.5.0.10');
    assert.equal(message.options.get(54)?.toString('hex'), '0a050001');
    assert.equal(
      world.said(
        {
          type: REQUEST,
          mac: A,
          giaddr: '192.0.2.1',
          requested: '10.5.0.10',
          serverId: '10.5.0.1',
          more: [[82, Buffer.concat([link, override])]],
        },
        routed('192.0.2.1', '10.1.0.1'),
      ),
      'ack 10.5.0.10',
    );
  });

  it('answers only the relays that may ask', () => {
    const world = new World({ ...FLOOR, relays: ['10.5.0.2'] });
    const from = (giaddr: string) =>
      world.said({ type: DISCOVER, mac: A, giaddr }, routed(giaddr, '10.1.0.1'));
    assert.equal(from('10.5.0.1'), 'relay_refused');
    assert.equal(from('10.5.0.2'), 'offer 10.5.0.10');
    assert.equal(from('10.6.0.2'), 'no_network');
  });

  it('keeps VRFs apart: the same subnet twice', () => {
    const world = new World(LAN, { ...LAN, interface: 'guests', vrf: 'guests' });
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: B }, onLink(B, 'guests', 'guests')), 'offer 10.1.0.10');
  });

  it('gives a reserved address to its client only, by MAC address or client identifier, in no pool too', () => {
    const world = new World({
      ...LAN,
      reservations: [
        { mac: A.toUpperCase(), address: '10.1.0.10' },
        { client_id: 'ff:00:01', address: '10.1.0.200' },
      ],
    });
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.11');
    assert.equal(world.said({ type: DISCOVER, mac: B, requested: '10.1.0.10' }), 'offer 10.1.0.11');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: B, clientId: 'ff0001' }), 'offer 10.1.0.200');
    assert.equal(
      world.said({ type: REQUEST, mac: A, requested: '10.1.0.10' }),
      'ack 10.1.0.10',
      'it needs no lease before',
    );
  });

  it('never gives excluded addresses, nor its own', () => {
    const world = new World({
      ...LAN,
      pools: [{ range: '10.1.0.1-10.1.0.6' }],
      exclude: ['10.1.0.2-10.1.0.3', '10.1.0.3', '10.1.0.5'],
    });
    assert.equal(world.engine.networks.all[0]?.capacity, 2);
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.4');
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.6');
    assert.equal(
      world.said({ type: DISCOVER, mac: '02:00:00:00:00:0c', requested: '10.1.0.5' }),
      'no_free_address',
    );
    assert.equal(world.said({ type: REQUEST, mac: A, requested: '10.1.0.1', serverId: '10.1.0.1' }), 'nak');
  });

  it('gives pools of a class to its clients, with its options', () => {
    const world = new World({
      ...LAN,
      classes: [
        {
          name: 'phones',
          match: { vendor_class: 'Acme*Phone' },
          options: { tftp_servers: ['10.1.0.2'] },
          boot: { file: 'phone.cfg' },
        },
        { name: 'uefi', match: { client_arch: [7, 9] }, boot: { file: 'boot.efi', next_server: '10.1.0.3' } },
        { name: 'lab', match: { mac: '02:aa', user_class: 'lab*' } },
      ],
      pools: [{ range: '10.1.0.10-10.1.0.12' }, { range: '10.1.0.100', classes: ['phones', 'lab'] }],
      options: { tftp_servers: ['10.1.0.9'] },
    });
    const { message } = world.answer({
      type: DISCOVER,
      mac: A,
      requested: '10.1.0.100',
      parameters: [150, 67],
      more: [[60, Buffer.from('Acme IP Phone')]],
    });
    assert.equal(formatIp4(message.yiaddr), '10.1.0.100');
    assert.equal(message.options.get(150)?.toString('hex'), '0a010002');
    assert.equal(message.file.toString('latin1').replace(/\0+$/, ''), 'phone.cfg');
    const plain = world.answer({ type: DISCOVER, mac: B, requested: '10.1.0.100', parameters: [150] });
    assert.equal(formatIp4(plain.message.yiaddr), '10.1.0.10');
    assert.equal(plain.message.options.get(150)?.toString('hex'), '0a010009');
    const uefi = world.answer({ type: DISCOVER, mac: B, more: [[93, Buffer.from([0, 0, 0, 9])]] });
    assert.equal(formatIp4(uefi.message.siaddr), '10.1.0.3');
    const inLab = { type: DISCOVER, mac: '02:aa:00:00:00:01', requested: '10.1.0.100' };
    const other = new World({
      ...LAN,
      pools: [{ range: '10.1.0.100', classes: ['lab'] }],
      classes: [{ name: 'lab', match: { mac: '02:aa', user_class: 'lab*' } }],
    });
    assert.equal(other.said(inLab), 'no_free_address');
    assert.equal(other.said({ ...inLab, more: [[77, Buffer.from('\x04lab1')]] }), 'offer 10.1.0.100');
  });

  it('bounds what is behind one MAC address, whatever the clients there call themselves', () => {
    const world = new World({ ...LAN, limits: { leases_per_mac: 2, client_requests_per_s: 1000 } });
    const claims = (n: number) => world.said({ type: DISCOVER, mac: `02:00:00:00:01:0${n}` }, onLink(A));
    assert.deepEqual([claims(1), claims(2), claims(3)], ['offer 10.1.0.10', 'offer 10.1.0.11', 'place_full']);
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.12', 'others have what is left');
    assert.equal(claims(1), 'offer 10.1.0.10', 'who has one keeps it');
    world.nowMs += 60_000;
    world.engine.expire(world.nowMs);
    assert.equal(claims(3), 'offer 10.1.0.11', 'offers that nobody took are over');
  });

  it('bounds what is behind one port of a relay', () => {
    const world = new World({ ...FLOOR, limits: { leases_per_circuit: 1 } });
    const at = (mac: string, port: string) =>
      world.said(
        {
          type: DISCOVER,
          mac,
          giaddr: '10.5.0.1',
          more: [[82, Buffer.concat([Buffer.from([1, port.length]), Buffer.from(port)])]],
        },
        routed('10.5.0.1', '10.1.0.1'),
      );
    assert.deepEqual(
      [at(A, 'p1'), at(B, 'p1'), at(B, 'p2')],
      ['offer 10.5.0.10', 'place_full', 'offer 10.5.0.11'],
    );
  });

  it('bounds the rate of one client, and of the network', () => {
    const world = new World({ ...LAN, limits: { client_requests_per_s: 1, requests_per_s: 3 } });
    const ask = (mac: string) => world.said({ type: DISCOVER, mac });
    assert.deepEqual(Array.from({ length: 5 }, () => ask(A)).at(-1), 'client_over_rate');
    assert.deepEqual([ask(B), ask(B), ask(B)], ['offer 10.1.0.11', 'offer 10.1.0.11', 'over_rate']);
    world.nowMs += 1000;
    assert.equal(ask(A), 'offer 10.1.0.10');
  });

  it('takes a lease time between a minute and the longest that is allowed', () => {
    const world = new World({ ...LAN, lease_time_s: 600, lease_time_max_s: 3600 });
    const time = (seconds?: number) => {
      const more: [number, Uint8Array][] = [];
      if (seconds !== undefined) {
        const value = Buffer.alloc(4);
        value.writeUInt32BE(seconds);
        more.push([51, value]);
      }
      return world.answer({ type: DISCOVER, mac: A, more }).message.options.get(51)?.readUInt32BE(0);
    };
    assert.deepEqual([time(), time(10), time(1200), time(0xffffffff)], [600, 60, 1200, 3600]);
    const forever = new World({ ...LAN, lease_time_s: 0xffffffff });
    const { message } = forever.answer({
      type: REQUEST,
      mac: A,
      requested: '10.1.0.10',
      serverId: '10.1.0.1',
    });
    assert.equal(message.options.has(58), false);
    assert.equal(forever.engine.leases.get('default', 0x0a01000a)?.expiresMs, Number.POSITIVE_INFINITY);
  });

  it('has the same answer for a message that comes twice', () => {
    const world = new World();
    const twice = () =>
      clientMessage({ type: REQUEST, mac: A, requested: '10.1.0.10', serverId: '10.1.0.1' });
    for (let i = 0; i < 2; i++)
      assert.equal(world.engine.receive(twice(), onLink(A), world.nowMs).kind, 'answer');
    assert.equal(world.engine.leases.size, 1);
  });
});
