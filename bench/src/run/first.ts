// The words before a command that runs it before whatever else the machine does: at the least nice value, and in a
// scheduling group that is too (sched(7), "The autogroup feature").
export const FIRST: readonly string[] = [
  'sh',
  '-c',
  '{ echo -20 > /proc/self/autogroup; } 2> /dev/null; exec nice -n -20 "$@"',
  'first',
];
