// Mocha's spec reporter, which also leaves its figures in the file that its option names: mocha's exit code alone does
// not tell a crash from a failure, nor no tests from all passed.
'use strict';
const { renameSync, writeFileSync } = require('node:fs');
const { reporters } = require('mocha/lib/mocha.cjs');

class SluiceReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    let passed = 0;
    const { file } = options.reporterOptions;
    // Renamed into place: whoever watches the file never finds half of it.
    const publish = (ended) => {
      writeFileSync(`${file}.new`, JSON.stringify({ passed, failures, ended }));
      renameSync(`${file}.new`, file);
    };
    // A hook that fails is a failure of its own, whose tests never ran.
    runner.on('pass', () => {
      passed++;
    });
    runner.on('fail', (test, error) => {
      failures.push({ title: test.fullTitle(), message: String(error?.message ?? error).split('\n')[0] });
    });
    runner.once('start', () => publish(false));
    runner.on('suite end', () => publish(false));
    runner.once('end', () => publish(true));
  }
}

module.exports = SluiceReporter;
