import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as constants from '../../src/xfrm/constants.js';
import * as events from '../../src/xfrm/event-structs.js';
import * as lifetimes from '../../src/xfrm/lifetime-structs.js';
import * as netlink from '../../src/xfrm/netlink.js';
import * as policies from '../../src/xfrm/policy-structs.js';
import * as sas from '../../src/xfrm/sa-structs.js';
import * as selectors from '../../src/xfrm/selector.js';
import type { Field, Struct } from '../../src/xfrm/struct.js';

const run = promisify(execFile);
const NATIVE = fileURLToPath(new URL('../../../native', import.meta.url));

function isStruct(value: unknown): value is Struct<Record<string, Field<unknown>>> {
  return typeof value === 'object' && value !== null && 'offsets' in value;
}

const structs = [events, lifetimes, netlink, policies, sas, selectors]
  .flatMap((module) => Object.values<unknown>(module))
  .filter(isStruct);

/** Names whose values the C compiler knows. */
const numbers: Record<string, number> = {
  REDIRECT_MSG_BIND: constants.REDIRECT_MSG_BIND,
  REDIRECT_MESSAGE_MAX: constants.REDIRECT_MESSAGE_MAX,
  NLMSG_ERROR: constants.NLMSG_ERROR,
  NLMSG_DONE: constants.NLMSG_DONE,
  NLM_F_REQUEST: constants.NLM_F_REQUEST,
  NLM_F_MULTI: constants.NLM_F_MULTI,
  NLM_F_ACK: constants.NLM_F_ACK,
  NLM_F_REPLACE: constants.NLM_F_REPLACE,
  NLM_F_DUMP: constants.NLM_F_DUMP,
  XFRM_MODE_TRANSPORT: constants.XFRM_MODE_TRANSPORT,
  XFRM_MODE_TUNNEL: constants.XFRM_MODE_TUNNEL,
  XFRM_STATE_NOECN: constants.XFRM_STATE_NOECN,
  XFRM_STATE_DECAP_DSCP: constants.XFRM_STATE_DECAP_DSCP,
  XFRM_STATE_NOPMTUDISC: constants.XFRM_STATE_NOPMTUDISC,
  XFRM_SA_XFLAG_DONT_ENCAP_DSCP: constants.XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
  XFRM_STATE_AF_UNSPEC: constants.XFRM_STATE_AF_UNSPEC,
  XFRM_STATE_ESN: constants.XFRM_STATE_ESN,
  XFRM_POLICY_IN: constants.XFRM_POLICY_IN,
  XFRM_POLICY_OUT: constants.XFRM_POLICY_OUT,
  XFRM_POLICY_FWD: constants.XFRM_POLICY_FWD,
  XFRM_AE_RVAL: constants.XFRM_AE_RVAL,
  XFRM_AE_LVAL: constants.XFRM_AE_LVAL,
  XFRMA_REPLAY_ESN_MAX: constants.XFRMA_REPLAY_ESN_MAX,
  XFRMA_SAD_CNT: constants.XFRMA_SAD_CNT,
  XFRMA_SAD_HINFO: constants.XFRMA_SAD_HINFO,
  XFRMA_SPD_INFO: constants.XFRMA_SPD_INFO,
  XFRMA_SPD_HINFO: constants.XFRMA_SPD_HINFO,
  XFRMA_SPD_IPV4_HTHRESH: constants.XFRMA_SPD_IPV4_HTHRESH,
  XFRMA_SPD_IPV6_HTHRESH: constants.XFRMA_SPD_IPV6_HTHRESH,
  UDP_ENCAP_ESPINUDP: constants.UDP_ENCAP_ESPINUDP,
  IPPROTO_ESP: constants.IPPROTO_ESP,
  AF_INET: constants.AF_INET,
  AF_INET6: constants.AF_INET6,
  ...prefixed('XFRM_MSG_', constants.XFRM_MSG),
  ...prefixed('XFRMA_', constants.XFRMA),
};
const groups = Object.keys(constants.GROUP) as (keyof typeof constants.GROUP)[];

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

describe('xfrm layout', function () {
  this.timeout(120_000);

  it('is that of the C headers, to the octet', async () => {
    const lines: string[] = [];
    const expected: Record<string, number> = {};
    const ask = (label: string, expression: string, value: number): void => {
      lines.push(`  printf("%s %llu\\n", "${label}", (unsigned long long)(${expression}));`);
      expected[label] = value;
    };
    for (const { name, size, offsets } of structs) {
      ask(`sizeof ${name}`, `sizeof(struct ${name})`, size);
      for (const [member, offset] of Object.entries<number>(offsets)) {
        ask(`${name}.${member}`, `offsetof(struct ${name}, ${member})`, offset);
      }
    }
    for (const [name, value] of Object.entries(numbers)) ask(name, name, value);
    for (const name of groups) ask(`group ${name}`, `1 << (XFRMNLGRP_${name} - 1)`, constants.GROUP[name]);

    const dir = await mkdtemp(join(tmpdir(), 'sluice-layout-'));
    try {
      const headers = [
        'stddef.h',
        'stdio.h',
        'netinet/in.h',
        'sys/socket.h',
        'linux/netlink.h',
        'linux/udp.h',
      ];
      const source = [...headers, 'linux/xfrm.h'].map((header) => `#include <${header}>\n`).join('');
      await writeFile(
        join(dir, 'layout.c'),
        `${source}#include "redirect-protocol.h"\nint main(void) {\n${lines.join('\n')}\n}\n`,
      );
      await run('cc', ['-I', NATIVE, '-o', join(dir, 'layout'), join(dir, 'layout.c')]);
      const { stdout } = await run(join(dir, 'layout'));
      const compiled = stdout
        .trim()
        .split('\n')
        .map((line): [string, number] => [
          line.slice(0, line.lastIndexOf(' ')),
          Number(line.slice(line.lastIndexOf(' '))),
        ]);
      assert.deepEqual(expected, Object.fromEntries(compiled));
      assert.ok(structs.length >= 30, `only ${structs.length} structures were found`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
