import assert from 'node:assert/strict';
import { classifyUdp, UDP_ESP, UDP_KEEPALIVE, UDP_OTHER } from '../../src/wire/esp-in-udp.js';
import { concat, pattern, udp } from '../support/packets.js';

describe('wire/esp-in-udp', () => {
  const marker = new Uint8Array(4);
  const cases: [string, Uint8Array, number][] = [
    ['an SPI', udp(4500, 4500, pattern(20, 1)), UDP_ESP],
    ['an SPI and no more', udp(61_000, 4500, Uint8Array.of(0, 0, 0, 1)), UDP_ESP],
    ['the non-ESP marker', udp(4500, 4500, concat(marker, pattern(28))), UDP_OTHER],
    ['the marker and no more', udp(4500, 4500, marker), UDP_OTHER],
    ['three octets', udp(4500, 4500, pattern(3, 1)), UDP_OTHER],
    ['nothing', udp(4500, 4500, new Uint8Array()), UDP_OTHER],
    ['one octet of ones', udp(4500, 4500, Uint8Array.of(0xff)), UDP_KEEPALIVE],
    ['another octet', udp(4500, 4500, Uint8Array.of(0xfe)), UDP_OTHER],
    ['two octets of ones', udp(4500, 4500, Uint8Array.of(0xff, 0xff)), UDP_OTHER],
    ['an SPI to another port', udp(4500, 500, pattern(20, 1)), UDP_OTHER],
    ['half a header', udp(4500, 4500, new Uint8Array()).subarray(0, 4), UDP_OTHER],
  ];
  for (const [what, packet, expected] of cases) {
    it(`tells ${what}`, () => {
      // Behind the end stands what would make it something else.
      for (const rest of [0, 0xff]) {
        const bytes = concat(new Uint8Array(3), packet, new Uint8Array(16).fill(rest));
        assert.equal(classifyUdp(bytes, 3, packet.length), expected);
      }
    });
  }
});
