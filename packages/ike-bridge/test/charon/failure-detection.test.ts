import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DETECT_WITHIN_S,
  dpdOf,
  givesUpAfterS,
  retransmissionFor,
  retransmissionOf,
  writeRetransmission,
} from '../../src/charon/index.js';
import { connection } from './fixtures.js';

describe('failure detection', () => {
  it('waits 29 s for an answer when nothing is said', () => {
    const retransmission = retransmissionOf([connection()]);
    assert.deepEqual(retransmission, { timeoutS: 1, base: 1.6, limitS: 4, tries: 8 });
    assert.ok(Math.abs(givesUpAfterS(retransmission) - 29.16) < 0.001);
    assert.deepEqual(dpdOf(connection()), { dpd_delay: 8, dpd_timeout: 38 });
  });

  it('ends in time, silence and retransmissions together, with a second to spare', () => {
    for (let within = 5; within <= 3600; within++) {
      const retransmission = retransmissionFor(within);
      const { dpd_delay: delay, dpd_timeout: timeout } = dpdOf(
        connection({ detect_failure_within_s: within }),
      );
      assert.ok(delay >= 1 && retransmission.tries >= 2, `${within} s: ${delay}, ${retransmission.tries}`);
      assert.ok(delay + givesUpAfterS(retransmission) <= within - 1, `${within} s`);
      assert.ok(timeout < within);
    }
  });

  it('is as quick as the quickest connection asks for, and no other asks more often for that', () => {
    const quick = connection({ detect_failure_within_s: 10 });
    const slow = connection({ detect_failure_within_s: 300 });
    assert.deepEqual(retransmissionOf([slow, connection(), quick]), retransmissionFor(10));
    assert.deepEqual(dpdOf(slow), { dpd_delay: 268, dpd_timeout: 298 });
    assert.deepEqual(retransmissionOf([slow]), retransmissionFor(DETECT_WITHIN_S));
  });

  it('takes the delay itself where it is given, 0 for never', () => {
    assert.deepEqual(dpdOf(connection({ dpd_delay_s: 60 })), { dpd_delay: 60, dpd_timeout: 90 });
    assert.equal(dpdOf(connection({ dpd_delay_s: 0 })).dpd_delay, 0);
    assert.throws(
      () => connection({ dpd_delay_s: 60, detect_failure_within_s: 60 }),
      /must be left out where/,
    );
  });

  it('writes what charon includes, for its owner alone, and says whether that changed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'detection-'));
    try {
      const path = join(dir, 'charon-settings.conf');
      assert.equal(await writeRetransmission(path, retransmissionFor(10)), true);
      assert.equal(await writeRetransmission(path, retransmissionFor(10)), false);
      assert.match(await readFile(path, 'utf8'), /charon \{\n {2}retransmit_timeout = 1\n[^}]*tries = 2\n\}/);
      assert.equal((await stat(path)).mode & 0o777, 0o640);
      assert.equal(await writeRetransmission(path, retransmissionFor(40)), true);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
