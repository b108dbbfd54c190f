import assert from 'node:assert/strict';
import { Answers, ENTRIES_LIMIT, RUNNING_LIMIT } from '../../src/actor/answers.js';

describe('remembered answers', () => {
  it('live until their deadline, and running ones until they end', () => {
    const answers = new Answers();
    assert(answers.begin('a', 100));
    assert(answers.begin('b', 100));
    answers.finish('a', Buffer.from('12345'));
    assert.equal(answers.bytes, 5);
    answers.expire(99);
    assert.equal(answers.get('a')?.state, 'answered');
    answers.expire(100);
    assert.equal(answers.get('a'), undefined);
    assert.equal(answers.get('b')?.state, 'running');
    assert.equal(answers.bytes, 0);
    answers.finish('b', Buffer.from('1'));
    answers.expire(100);
    assert.equal(answers.size, 0);
  });

  it('give up their text beyond the bytes, those sent first, but are not run again', () => {
    const answers = new Answers(10);
    for (const id of ['a', 'b', 'c']) {
      answers.begin(id, 100);
      answers.finish(id, Buffer.alloc(5));
      const entry = answers.get(id);
      if (id === 'b' && entry?.state === 'answered') entry.sent = true;
    }
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => answers.get(id)?.state),
      ['answered', 'forgotten', 'answered'],
    );
    answers.begin('d', 100);
    answers.finish('d', Buffer.alloc(50));
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((id) => answers.get(id)?.state),
      ['forgotten', 'forgotten', 'forgotten', 'answered'],
    );
    assert.equal(answers.bytes, 50);
  });

  it('are bounded in number', () => {
    const answers = new Answers();
    for (let i = 0; i < RUNNING_LIMIT; i++) assert(answers.begin(`r${i}`, 100));
    assert(!answers.begin('one more running', 100));
    for (let i = 0; i < RUNNING_LIMIT; i++) answers.finish(`r${i}`, Buffer.alloc(1));
    for (let i = RUNNING_LIMIT; i < ENTRIES_LIMIT; i++) {
      assert(answers.begin(`r${i}`, 100));
      answers.finish(`r${i}`, Buffer.alloc(1));
    }
    assert(!answers.begin('one more', 100));
    answers.expire(100);
    assert(answers.begin('one more', 200));
  });
});
