import assert from 'node:assert/strict';
import { explainFailure } from '../../src/charon/index.js';
import { connection } from './fixtures.js';

describe('failure', () => {
  it('says nothing about lines that explain nothing', () => {
    assert.equal(explainFailure([]), null);
    assert.equal(explainFailure(['sending packet: from 192.0.2.1[500] to 192.0.2.2[500] (240 bytes)']), null);
  });

  it('prefers what this side found out over what the peer answered', () => {
    const failure = explainFailure([
      'received AUTHENTICATION_FAILED notify error',
      "tried 1 shared key for 'a.example' - 'b.example', but MAC mismatched",
    ]);
    assert.equal(failure?.kind, 'authentication');
    assert.match(failure.sentence, /a\.example and b\.example differ/);
  });

  it('says what this side has where the connection is known', () => {
    const lines = ['received NO_PROPOSAL_CHOSEN notify error'];
    assert.match(explainFailure(lines, connection())?.sentence ?? '', /aes256gcm16-prfsha384-x25519/);
    assert.doesNotMatch(explainFailure(lines)?.sentence ?? '', /This side/);
  });

  it('explains an answer to a call from an unknown address', () => {
    const failure = explainFailure([
      'no IKE config found for 192.0.2.1...192.0.2.9, sending NO_PROPOSAL_CHOSEN',
    ]);
    assert.equal(failure?.kind, 'no-connection');
    assert.match(failure.sentence, /192\.0\.2\.9 called, but no connection has local address 192\.0\.2\.1/);
  });
});
