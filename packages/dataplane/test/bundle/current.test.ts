// When a bundle counts as made of the code as it is.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { currentBundle, describeInput, INPUTS } from '../../src/bundle/current.js';

describe('a bundle of the code as it is', () => {
  let directory: string;
  let bundle: URL;
  const file = (name: string): string => join(directory, name);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
    mkdirSync(file('bundle'));
    bundle = pathToFileURL(`${file('bundle')}/`);
    writeFileSync(file('one.js'), 'export const one = 1;');
    writeFileSync(file('two.js'), 'export const two = 2;');
    const inputs = ['one.js', 'two.js'].map((name) => describeInput(pathToFileURL(file(name)), `../${name}`));
    writeFileSync(new URL(INPUTS, bundle), JSON.stringify(inputs));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('is one while every file is what it was', () => {
    assert.equal(currentBundle(bundle)?.href, bundle.href);
  });

  it('is one when files have other times, as after a copy', () => {
    utimesSync(file('one.js'), 1, 1);
    assert.equal(currentBundle(bundle)?.href, bundle.href);
  });

  it('is none when a file says something else, be it as long as before', () => {
    writeFileSync(file('two.js'), 'export const two = 3;');
    utimesSync(file('two.js'), 1, 1);
    assert.equal(currentBundle(bundle), null);
  });

  it('is none when a file is longer than it was', () => {
    writeFileSync(file('two.js'), 'export const two = 2; // and more');
    assert.equal(currentBundle(bundle), null);
  });

  it('is none when a file is gone', () => {
    rmSync(file('one.js'));
    assert.equal(currentBundle(bundle), null);
  });

  it('is none before there is a list of what it was made of', () => {
    rmSync(new URL(INPUTS, bundle));
    assert.equal(currentBundle(bundle), null);
  });
});
