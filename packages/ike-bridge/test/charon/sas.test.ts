import assert from 'node:assert/strict';
import { childSaReportSchema, ikeSaReportSchema } from '@sluice/shared';
import { childSaReport, ikeEvents, ikeSaReport } from '../../src/charon/index.js';
import { section } from './fixtures.js';

const CHILD = {
  name: 'net',
  uniqueid: '4',
  state: 'INSTALLED',
  protocol: 'ESP',
  'spi-in': 'c0ffee01',
  'spi-out': '00abcdef',
  'if-id-in': 'fffffffe',
  'encr-alg': 'AES_GCM_16',
  'encr-keysize': '128',
  'dh-group': 'ECP_384',
  esn: '1',
  'bytes-in': '123456789012345',
  'packets-in': '3',
  'bytes-out': '4',
  'packets-out': '5',
  'rekey-time': '-2',
  'install-time': '60',
  'local-ts': ['10.1.0.0/16', '10.3.0.0/16'],
  'remote-ts': ['0.0.0.0/0'],
};

describe('sas', () => {
  it('reads SPIs and interface ids as hexadecimal, counters as decimal', () => {
    assert.deepEqual(childSaReport(section(CHILD)), {
      name: 'net',
      unique_id: '4',
      state: 'INSTALLED',
      if_id: 0xfffffffe,
      spi_in: 0xc0ffee01,
      spi_out: 0xabcdef,
      algorithm: 'AES_GCM_16-128/ECP_384/ESN',
      encap: false,
      local_ts: ['10.1.0.0/16', '10.3.0.0/16'],
      remote_ts: ['0.0.0.0/0'],
      installed_s: 60,
      rekey_in_s: -2,
      packets_in: 3,
      bytes_in: 123456789012345,
      packets_out: 5,
      bytes_out: 4,
    });
  });

  it('reports SAs that are not yet established', () => {
    const connecting = section({ uniqueid: '1', version: '2', state: 'CONNECTING', 'remote-id': '%any' });
    const report = ikeSaReportSchema.parse(ikeSaReport({ connection: 'office', section: connecting }));
    assert.deepEqual([report.established_s, report.rekey_in_s, report.children], [null, null, []]);
    const created = childSaReportSchema.parse(childSaReport(section({ name: 'net', state: 'CREATED' })));
    assert.deepEqual([created.spi_in, created.spi_out, created.if_id, created.installed_s], [0, 0, 0, null]);
  });

  it('takes a rekeying for the new SA up, then the old one down', () => {
    const rekey = { office: { old: { uniqueid: '1' }, new: { uniqueid: '2' } } };
    assert.deepEqual(ikeEvents('ike-rekey', section(rekey)), [
      { kind: 'ike-sa', connection: 'office', unique_id: '2', up: true },
      { kind: 'ike-sa', connection: 'office', unique_id: '1', up: false },
    ]);
    const child = { old: CHILD, new: { ...CHILD, uniqueid: '5' } };
    const net = { kind: 'child-sa', connection: 'office', child: 'net' };
    assert.deepEqual(
      ikeEvents('child-rekey', section({ office: { uniqueid: '1', 'child-sas': { net: child } } })),
      [
        { ...net, unique_id: '5', up: true },
        { ...net, unique_id: '4', up: false },
      ],
    );
  });

  it('takes a missing "up" for down, and makes nothing of what it does not know', () => {
    const message = { office: { uniqueid: '1', 'child-sas': { 'net-4': CHILD } } };
    const [down] = ikeEvents('child-updown', section(message));
    assert.deepEqual(down, {
      kind: 'child-sa',
      connection: 'office',
      child: 'net',
      unique_id: '4',
      up: false,
    });
    const [up] = ikeEvents('ike-updown', section({ up: 'yes', ...message }));
    assert.deepEqual(up, { kind: 'ike-sa', connection: 'office', unique_id: '1', up: true });
    assert.deepEqual(ikeEvents('alert', section(message)), []);
  });
});
