import assert from 'node:assert/strict';
import { parseTrafficSelector } from '../../src/index.js';

describe('traffic selectors of the configuration', () => {
  const right: [string, 4 | 6 | null, number, [number, number]][] = [
    ['10.1.0.0/16', 4, 0, [0, 65_535]],
    ['2001:db8::/32', 6, 0, [0, 65_535]],
    ['dynamic', null, 0, [0, 65_535]],
    ['dynamic[gre]', null, 47, [0, 65_535]],
    ['10.1.0.0/16[tcp/443]', 4, 6, [443, 443]],
    ['10.1.0.0/16[6/1024-2047]', 4, 6, [1024, 2047]],
    ['10.1.0.0/16[udp/0-65535]', 4, 17, [0, 65_535]],
    ['2001:db8::1/128[icmpv6/128]', 6, 58, [0x8000, 0x80ff]],
    ['10.1.0.0/16[icmp/3/4]', 4, 1, [0x0304, 0x0304]],
    ['0.0.0.0/0[any]', 4, 0, [0, 65_535]],
  ];
  for (const [text, family, protocol, ports] of right) {
    it(`are read: ${text}`, () => {
      assert.deepEqual(parseTrafficSelector(text), {
        network: text.replace(/\[.*/, ''),
        family,
        protocol,
        ports,
      });
    });
  }

  const wrong: [string, RegExp][] = [
    ['10.1.0.0', /^must be a prefix such as/],
    ['10.1.0.0/16[tcp', /^must be a prefix such as/],
    ['dynamic/8', /^must be a prefix such as/],
    ['10.1.0.1/16', /bits set beyond/],
    ['2001:db8::1/64', /bits set beyond/],
    ['10.1.0.0/16[egp]', /names the protocol "egp": use a number up to 255 or one of any, icmp/],
    ['10.1.0.0/16[256]', /names the protocol "256"/],
    ['10.1.0.0/16[0/53]', /ports of no protocol/],
    ['10.1.0.0/16[tcp/http]', /write one port/],
    ['10.1.0.0/16[tcp/70000]', /write one port/],
    ['10.1.0.0/16[tcp/20-10]', /write one port/],
    ['10.1.0.0/16[tcp/]', /write one port/],
    ['10.1.0.0/16[icmp/300]', /write a type such as 8/],
    ['10.1.0.0/16[tcp/1000-1031]', /no mask expresses: .* 1000-1007, 1008-1023, 1024-1031$/],
    ['10.1.0.0/16[tcp/1024-65535]', /1024-2047, 2048-4095, .*, 32768-65535$/],
  ];
  for (const [text, sentence] of wrong) {
    it(`are refused: ${text}`, () => assert.match(String(parseTrafficSelector(text)), sentence));
  }
});
