import assert from 'node:assert/strict';
import { StrayPackets } from '../src/stray-packets.js';

const PACKET = { src: '192.0.2.2', dst: '192.0.2.1', spi: 0xc1 };
const PEER = { remote: '192.0.2.2', local: '192.0.2.1' };
const LONG_AGO = -60_000;

describe('stray packets', () => {
  let strays: StrayPackets;
  beforeEach(() => {
    strays = new StrayPackets();
  });

  it('are what a deletion leaves on its way, for half a second', () => {
    assert.equal(strays.heard(PACKET, 0), false);
    assert.equal(strays.heard(PACKET, 499), false);
    assert.equal(strays.take(PEER, 499, LONG_AGO), null);
    assert.equal(strays.heard(PACKET, 500), true);
    assert.equal(strays.take(PEER, 501, LONG_AGO), 0xc1);
  });

  it('are repaired once in half a minute, whatever comes', () => {
    strays.heard(PACKET, 0);
    strays.heard(PACKET, 600);
    assert.equal(strays.take(PEER, 600, LONG_AGO), 0xc1);
    for (let ms = 700; ms < 30_500; ms += 100) assert.equal(strays.heard(PACKET, ms), false);
    assert.equal(strays.heard(PACKET, 30_600), true);
  });

  it('are of one SPI and one peer', () => {
    strays.heard(PACKET, 0);
    assert.equal(strays.heard({ ...PACKET, spi: 0xc2 }, 600), false);
    assert.equal(strays.heard({ ...PACKET, src: '192.0.2.3' }, 600), false);
    assert.equal(strays.take({ ...PEER, remote: '192.0.2.4' }, 600, LONG_AGO), null);
  });

  it('are forgotten when no more come', () => {
    strays.heard(PACKET, 0);
    assert.equal(strays.heard(PACKET, 3000), false);
    assert.equal(strays.heard(PACKET, 3500), true);
    assert.equal(strays.take(PEER, 6500, LONG_AGO), null);
  });

  it('are those that come half a second after a new SA', () => {
    strays.heard(PACKET, 0);
    strays.heard(PACKET, 1000);
    assert.equal(strays.take(PEER, 1000, 900), null);
    strays.heard(PACKET, 1399);
    assert.equal(strays.take(PEER, 1399, 900), null);
    strays.heard(PACKET, 1400);
    assert.equal(strays.take(PEER, 1400, 900), 0xc1);
  });
});
