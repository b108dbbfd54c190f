import { describeNode } from '../support/counters.js';
import { conflicts } from './icmp6-nd-input/conflicts.js';
import { neighbours } from './icmp6-nd-input/neighbours.js';
import { refused } from './icmp6-nd-input/refused.js';
import { routers } from './icmp6-nd-input/routers.js';

describeNode('icmp6-nd-input', () => {
  neighbours();
  conflicts();
  routers();
  refused();
});
