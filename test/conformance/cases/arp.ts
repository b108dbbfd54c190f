// ARP (RFC 826, RFC 5227, RFC 1122 section 2.3.2).
import type { Case } from '../support/case.js';
import { lan, twinLan } from '../support/two-ports.js';

const BROADCAST = "'ff:ff:ff:ff:ff:ff'";
const PLAIN = "op='who-has', psrc=HOST, hwsrc=STATION_LAN, pdst=LAN";
const ANSWER =
  "Ether(dst=STATION_LAN, src=MAC_LAN)/ARP(op='is-at', psrc=LAN, hwsrc=MAC_LAN, pdst=HOST, hwdst=STATION_LAN)";
/** A station that answers nothing by itself. */
const ALONE = "hwsrc='02:00:00:00:01:77', psrc='10.1.0.77'";

function request(fields: string, link = `dst=${BROADCAST}, src=STATION_LAN`): string {
  return `Ether(${link})/ARP(${fields})`;
}

/** It has the MAC address `mac` now, it says. */
function announcement(mac: string): string {
  return request(
    `op='who-has', psrc='10.1.0.77', hwsrc='${mac}', pdst='10.1.0.77'`,
    `dst=${BROADCAST}, src='${mac}'`,
  );
}

function isAt(mac: string): string {
  return `Ether(dst=MAC_LAN, src='${mac}')/ARP(op='is-at', psrc='10.1.0.77', hwsrc='${mac}', pdst=LAN, hwdst=MAC_LAN)`;
}

const WHO_IS_ALONE = `Ether(dst=${BROADCAST}, src=MAC_LAN)/ARP(op='who-has', psrc=LAN, hwsrc=MAC_LAN, pdst='10.1.0.77')`;
const TO_ALONE = "IP(src=HOST, dst='10.1.0.77', ttl=9)/UDP()";

/** What comes of TO_ALONE, to a MAC address. */
function alone(mac: string): string {
  return `Ether(dst='${mac}', src=MAC_LAN)/IP(src=HOST, dst='10.1.0.77', ttl=8)/UDP()`;
}

/** An ARP message that gets no answer, counted. */
function ignored(name: string, message: string, counter: string): Case {
  return { name, watch: ['arp'], send: [lan(message)], counters: { [counter]: 1, 'lan.drops': 1 } };
}

const ANSWERED = { 'arp-input/answered': 1 };

export const arp: readonly Case[] = [
  {
    name: 'a request for our address is answered, to the asker alone',
    watch: ['arp'],
    send: [lan(request(PLAIN))],
    expect: [lan(ANSWER)],
    counters: ANSWERED,
  },
  {
    name: 'a request to our MAC address is answered',
    watch: ['arp'],
    send: [lan(request(PLAIN, 'dst=MAC_LAN, src=STATION_LAN'))],
    expect: [lan(ANSWER)],
    counters: ANSWERED,
  },
  {
    name: 'link padding behind a request is no part of the answer',
    watch: ['arp'],
    send: [lan(`${request(PLAIN)}/Padding(bytes(18))`)],
    expect: [lan(ANSWER)],
    counters: ANSWERED,
  },
  {
    name: 'a probe (RFC 5227) for our address is answered, and makes no neighbour',
    watch: ['arp'],
    send: [lan(request("op='who-has', psrc='0.0.0.0', hwsrc=STATION_LAN, pdst=LAN"))],
    expect: [
      lan(
        "Ether(dst=STATION_LAN, src=MAC_LAN)/ARP(op='is-at', psrc=LAN, hwsrc=MAC_LAN, pdst='0.0.0.0', hwdst=STATION_LAN)",
      ),
    ],
    counters: ANSWERED,
  },
  {
    name: 'a reply to us reaches Linux as well',
    watch: ['arp'],
    send: [
      lan(
        "Ether(dst=MAC_LAN, src=STATION_LAN)/ARP(op='is-at', psrc=HOST, hwsrc=STATION_LAN, pdst=LAN, hwdst=MAC_LAN)",
      ),
    ],
    expect: [
      twinLan(
        "Ether(dst=MAC_LAN, src=STATION_LAN)/ARP(op='is-at', psrc=HOST, hwsrc=STATION_LAN, pdst=LAN, hwdst=MAC_LAN)",
      ),
    ],
  },
  {
    name: 'who asked us is known: a packet to it goes without a question',
    watch: ['arp'],
    steps: [
      {
        send: [lan(request(`op='who-has', ${ALONE}, pdst=LAN`, `dst=${BROADCAST}, src='02:00:00:00:01:77'`))],
        expect: [
          lan(
            "Ether(dst='02:00:00:00:01:77', src=MAC_LAN)/ARP(op='is-at', psrc=LAN, hwsrc=MAC_LAN, pdst='10.1.0.77', hwdst='02:00:00:00:01:77')",
          ),
        ],
      },
      {
        send: [lan(TO_ALONE)],
        expect: [lan(alone('02:00:00:00:01:77'))],
      },
    ],
    counters: ANSWERED,
  },
  {
    name: 'an announcement moves a neighbour to its new MAC address, and the box asks everyone whether it did',
    watch: ['arp'],
    steps: [
      { send: [lan(announcement('02:00:00:00:01:78'))] },
      {
        send: [lan(TO_ALONE)],
        expect: [lan(alone('02:00:00:00:01:78')), lan(WHO_IS_ALONE)],
      },
      { send: [lan(isAt('02:00:00:00:01:78'))], expect: [twinLan(isAt('02:00:00:00:01:78'))] },
      { send: [lan(TO_ALONE)], expect: [lan(alone('02:00:00:00:01:78'))] },
    ],
    counters: {
      'arp-input/not_for_us': 1,
      'lan.drops': 1,
      'control/neighbours_moved': 1,
    },
    // Until no worker reads the old address any more, packets wait.
    may: ['ip4-arp/waiting'],
  },
  {
    name: 'whoever has the address has it back when somebody else announced it',
    watch: ['arp'],
    steps: [
      { send: [lan(announcement('02:00:00:00:01:79'))] },
      {
        send: [lan(TO_ALONE)],
        expect: [lan(alone('02:00:00:00:01:79')), lan(WHO_IS_ALONE)],
      },
      { send: [lan(isAt('02:00:00:00:01:78'))], expect: [twinLan(isAt('02:00:00:00:01:78'))] },
      { send: [lan(TO_ALONE)], expect: [lan(alone('02:00:00:00:01:78'))] },
    ],
    counters: {
      'arp-input/not_for_us': 1,
      'lan.drops': 1,
      'control/neighbours_moved': 2,
    },
    may: ['ip4-arp/waiting'],
  },
  ignored(
    'a request for another address is not ours to answer',
    request("op='who-has', psrc=HOST, hwsrc=STATION_LAN, pdst='10.1.0.200'"),
    'arp-input/not_for_us',
  ),
  ignored(
    "a request for the address of our other port is not answered (it is not this network's)",
    request("op='who-has', psrc=HOST, hwsrc=STATION_LAN, pdst=WAN"),
    'arp-input/not_for_us',
  ),
  ignored(
    'another station claims our address: counted as a conflict',
    request("op='who-has', psrc=LAN, hwsrc=STATION_LAN, pdst=LAN"),
    'arp-input/address_conflict',
  ),
  ignored(
    'another station answers with our address: counted as a conflict',
    "Ether(dst=MAC_LAN, src=STATION_LAN)/ARP(op='is-at', psrc=LAN, hwsrc=STATION_LAN, pdst=LAN, hwdst=MAC_LAN)",
    'arp-input/address_conflict',
  ),
  ignored(
    "the sender's MAC address is a group",
    request("op='who-has', psrc=HOST, hwsrc='01:00:5e:00:00:01', pdst=LAN"),
    'arp-input/bad_sender',
  ),
  ignored(
    "the sender's address is a group",
    request("op='who-has', psrc='224.0.0.1', hwsrc=STATION_LAN, pdst=LAN"),
    'arp-input/bad_sender',
  ),
  ignored('cut short', `cut(${request(PLAIN)}, 41)`, 'arp-input/malformed'),
  ignored('of another link type', request(`${PLAIN}, hwtype=6`), 'arp-input/malformed'),
  ignored('of another protocol', request(`${PLAIN}, ptype=0x86dd`), 'arp-input/malformed'),
  ignored('with long MAC addresses', request(`${PLAIN}, hwlen=8`), 'arp-input/malformed'),
  ignored('with long addresses', request(`${PLAIN}, plen=16`), 'arp-input/malformed'),
  ignored(
    'neither request nor reply',
    request('op=3, psrc=HOST, hwsrc=STATION_LAN, pdst=LAN'),
    'arp-input/malformed',
  ),
  {
    name: 'an unknown neighbour is asked for, and the packets that wait leave in order',
    watch: ['arp'],
    steps: [
      {
        send: [1, 2, 3].map((id) => lan(`IP(src=HOST, dst='10.1.0.80', ttl=9, id=${id})/UDP()`)),
        expect: [
          lan(
            `Ether(dst=${BROADCAST}, src=MAC_LAN)/ARP(op='who-has', psrc=LAN, hwsrc=MAC_LAN, pdst='10.1.0.80', hwdst='00:00:00:00:00:00')`,
          ),
        ],
      },
      {
        send: [
          lan(
            "Ether(dst=MAC_LAN, src='02:00:00:00:01:80')/ARP(op='is-at', psrc='10.1.0.80', hwsrc='02:00:00:00:01:80', pdst=LAN, hwdst=MAC_LAN)",
          ),
        ],
        expect: [
          twinLan(
            "Ether(dst=MAC_LAN, src='02:00:00:00:01:80')/ARP(op='is-at', psrc='10.1.0.80', hwsrc='02:00:00:00:01:80', pdst=LAN, hwdst=MAC_LAN)",
          ),
          ...[1, 2, 3].map((id) =>
            lan(
              `Ether(dst='02:00:00:00:01:80', src=MAC_LAN)/IP(src=HOST, dst='10.1.0.80', ttl=8, id=${id})/UDP()`,
            ),
          ),
        ],
      },
    ],
    counters: { 'ip4-arp/waiting': 3 },
  },
];
