// ESP that is refused: forged, malformed, or carrying what its traffic selectors exclude.
import type { Case } from '../support/case.js';
import { inbound, inner, received, refused } from '../support/esp.js';
import { selector } from '../support/sa.js';
import { lan, wan } from '../support/two-ports.js';

export const espRefused: readonly Case[] = [
  refused('an unknown SPI', [`flip(seal('in', ${inbound()}), 20)`], {
    'esp-input/unknown_spi': 1,
    'wan.drops': 1,
  }),
  refused('a wrong ICV', [`flip(seal('in', ${inbound()}), -1)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('changed ciphertext', [`flip(seal('in', ${inbound()}), 50)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('a changed IV', [`flip(seal('in', ${inbound()}), 30)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('a changed sequence number', [`flip(seal('in', ${inbound()}), 27, 2)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused('sequence number 0', [`seal('in', ${inbound()}, seq=0)`], {
    'esp-decrypt/replayed': 1,
    'wan.drops': 1,
  }),
  refused('padding that is not 1, 2, 3…', [`seal('in', ${inbound()}, padding=b'\\x01\\x02\\x02')`], {
    'esp-decrypt/bad_padding': 1,
    'wan.drops': 1,
  }),
  refused('padding longer than the packet', [`seal('in', ${inbound()}, padlen=250)`], {
    'esp-decrypt/bad_padding': 1,
    'wan.drops': 1,
  }),
  refused('a next header that is no IP', [`seal('in', ${inbound()}, nh=17)`], {
    'esp-decrypt/bad_next_header': 1,
    'wan.drops': 1,
  }),
  refused('an inner packet whose version is none', [`seal('in', flip(${inbound()}, 0, 0xf0), nh=4)`], {
    ...received,
    'ip4-input/bad_version': 1,
    'tun.drops': 1,
  }),
  refused(
    'an inner packet with a wrong checksum',
    [`seal('in', IP(src=REMOTE, dst=HOST, chksum=5)/${inner})`],
    {
      ...received,
      'ip4-input/bad_checksum': 1,
      'tun.drops': 1,
    },
  ),
  refused(
    'an inner packet from the loopback network',
    [`seal('in', IP(src='127.0.0.1', dst=HOST)/${inner})`],
    {
      ...received,
      'ip4-input/martian_source': 1,
      'tun.drops': 1,
    },
  ),
  refused('shorter than an ESP header', ["IP(src=PEER, dst=WAN, proto=50)/b'1234567'"], {
    'esp-input/truncated': 1,
    'wan.drops': 1,
  }),
  refused(
    'nothing behind the ESP header',
    [`cut(wrong(seal('in', ${inbound()}), len=28, chksum=None), 28)`],
    {
      'esp-decrypt/truncated': 1,
      'wan.drops': 1,
    },
  ),
  refused(
    'too short for IV, trailer and ICV',
    [`cut(wrong(seal('in', ${inbound()}), len=52, chksum=None), 52)`],
    {
      'esp-decrypt/truncated': 1,
      'wan.drops': 1,
    },
  ),
  refused('one octet short of its ICV', [`cut(wrong(seal('in', ${inbound()}), len=127, chksum=None), 127)`], {
    'esp-decrypt/integrity_failed': 1,
    'wan.drops': 1,
  }),
  refused(
    "another SA's source address does not matter, its destination does",
    [`IP(src=PEER, dst=LAN)/seal('in', ${inbound()})[ESP]`],
    {
      'esp-input/unknown_spi': 1,
      'wan.drops': 1,
    },
  ),
];

const outsideSelector = { 'esp-decrypt/outside_selector': 1, 'wan.drops': 1 };
const selected = { in: { selectors: [selector('10.2.0.0/24', '10.1.0.0/24', 17)] } };

export const espSelectors: readonly Case[] = [
  {
    name: 'what the selector allows passes',
    sas: selected,
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  refused(
    "another network's source",
    [`seal('in', IP(src='10.2.1.2', dst=HOST)/${inner})`],
    outsideSelector,
    selected,
  ),
  refused('another destination', [`seal('in', IP(src=REMOTE, dst=FAR)/${inner})`], outsideSelector, selected),
  refused('another protocol', [`seal('in', IP(src=REMOTE, dst=HOST)/TCP())`], outsideSelector, selected),
];
