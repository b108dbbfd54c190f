// Stamps: what a step was last done for, so that it is done again only when that has changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * SHA-256 over the names and contents of files; folders are walked. What does not exist counts as absent.
 * @param {string} base Folder that the paths start from; it is not part of the digest.
 * @param {string[]} paths
 * @param {string[]} [also] Further facts that the step depends on.
 */
export function digestOf(base, paths, also = []) {
  const hash = createHash('sha256');
  for (const fact of also) hash.update(`${fact}\0`);
  for (const path of paths) {
    for (const file of filesIn(`${base}/${path}`).sort()) {
      const content = readFileSync(file);
      hash.update(`${file.slice(base.length)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

/**
 * Files under a path, itself when it is one; none when there is nothing.
 * @param {string} path
 * @returns {string[]}
 */
export function filesIn(path) {
  if (!existsSync(path)) return [];
  /** @type {string[]} */
  const found = [];
  /** @param {string} folder */
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (['node_modules', 'dist', 'build', '.turbo'].includes(entry.name)) continue;
      if (entry.isDirectory()) walk(`${folder}/${entry.name}`);
      else if (entry.isFile()) found.push(`${folder}/${entry.name}`);
    }
  };
  try {
    walk(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) throw error;
    found.push(path);
  }
  return found;
}

/**
 * @param {string} file
 * @returns {string | null}
 */
export function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/**
 * Replaces the stamp in one step: a crash leaves the old one or the new one.
 * @param {string} file
 * @param {string} stamp
 */
export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, stamp);
  renameSync(`${file}.new`, file);
}
