import assert from 'node:assert/strict';
import { eventOf, formatMessage } from '../../src/syslog/message.js';

const AT = Date.UTC(2026, 0, 31, 12, 0, 0, 250);
const ORIGIN = { hostname: 'branch', facility: 'daemon' } as const;

function messageOf(process: string, line: string, sequence = 0, limit = 2048): string {
  const event = eventOf(process, line, AT);
  assert.ok(event !== null);
  return formatMessage(event, ORIGIN, sequence, limit).toString();
}

function pinoLine(entry: Record<string, unknown>): string {
  return JSON.stringify({
    level: 30,
    time: '2026-01-31T12:00:00.250Z',
    pid: 7,
    hostname: 'h',
    name: 'n',
    ...entry,
  });
}

describe('messages of syslog', () => {
  it('have the header, the structured data and the text of RFC 5424', () => {
    assert.equal(
      messageOf('dataplane', pinoLine({ revision: 3, msg: 'applied' })),
      '<30>1 2026-01-31T12:00:00.250Z branch sluice-dataplane 7 - ' +
        '[meta sequenceId="1"][sluice@32473 device="branch" process="dataplane"] applied revision=3',
    );
  });

  const severities: [level: number, priority: number][] = [
    [10, 31],
    [20, 31],
    [30, 30],
    [40, 28],
    [50, 27],
    [60, 26],
  ];
  for (const [level, priority] of severities)
    it(`gives level ${level} of a log the priority ${priority}`, () => {
      assert.ok(messageOf('agent', pinoLine({ level, msg: 'x' })).startsWith(`<${priority}>1 `));
    });

  it('puts logins under authpriv, and does not repeat that in the text', () => {
    const text = messageOf('mgmt', pinoLine({ facility: 'authpriv', user: 'anna', msg: 'logged in' }));
    assert.ok(text.startsWith('<86>1 '));
    assert.ok(text.endsWith('] logged in user="anna"'));
  });

  it("takes charon's local time from its lines, and the time of the reading for lines without one", () => {
    const local = new Date(2026, 0, 31, 13, 14, 15).toISOString();
    const text = messageOf('charon', '2026-01-31T13:14:15 05[IKE] <hq|1> IKE_SA hq[1] established');
    assert.ok(text.startsWith(`<30>1 ${local} branch sluice-charon - - `));
    assert.ok(text.endsWith('] 05[IKE] <hq|1> IKE_SA hq[1] established'));
    assert.match(messageOf('mgmt', 'Error: boom'), /^<30>1 2026-01-31T12:00:00\.250Z .*\] Error: boom$/);
    assert.equal(eventOf('mgmt', '  ', AT), null);
  });

  it('lets nobody who chooses a text or a name begin another message or element', () => {
    assert.ok(
      messageOf('a"]\\ é\n', 'one\ntwo\u001b[31m').endsWith('process="a\\"\\]\\\\ é\n"] \ufeffone·two·[31m'),
    );
    assert.match(messageOf('a b\n"', 'x'), / sluice-a_b_" - - /);
  });

  it('counts from 1 to 2147483647, and again', () => {
    assert.match(messageOf('a', 'x', 2 ** 31 - 2), /sequenceId="2147483647"/);
    assert.match(messageOf('a', 'x', 2 ** 31 - 1), /sequenceId="1"/);
  });

  it('ends at the limit, between two characters', () => {
    for (let limit = 200; limit < 204; limit++) {
      const event = eventOf('a', 'é€😀'.repeat(100), AT);
      assert.ok(event !== null);
      const bytes = formatMessage(event, ORIGIN, 0, limit);
      assert.ok(bytes.length <= limit && bytes.length > limit - 4);
      assert.ok(!bytes.toString().includes('\ufffd'));
    }
  });
});
