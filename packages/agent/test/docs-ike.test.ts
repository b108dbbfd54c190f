import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ikeSection } from '@sluice/shared';
import { parse } from 'yaml';

const PAGE = fileURLToPath(new URL('../../../../docs/ike.md', import.meta.url));

describe('the examples of docs/ike.md', () => {
  const examples = [...readFileSync(PAGE, 'utf8').matchAll(/## (.+)\n[^#]*?```yaml\n([\s\S]*?)```/g)];

  it('are there', () => assert.ok(examples.length >= 6, `${examples.length} examples`));

  for (const [, title = '', text = ''] of examples) {
    it(`can be configured: ${title}`, () => {
      const read = ikeSection.safeParse((parse(text) as { ike: unknown }).ike);
      assert.ok(read.success, JSON.stringify(read.error?.issues, null, 1));
    });
  }
});
