// A configuration that is being changed: the text with its comments, and where words of a path lead in it.
import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { CliError } from '../cli-error.js';
import type { Candidate as Word } from '../shell/annotations.js';
import { perhaps } from '../shell/nearest.js';
import {
  configurationFormat,
  type Format,
  identityOf,
  isSection,
  itemFormat,
  keyFormat,
  keysOf,
  valueFrom,
  valueHint,
  valuesOf,
} from './format.js';

/** A step is a key, or the position of an entry in a list. */
type Path = (string | number)[];

interface Found {
  path: Path;
  format: Format;
  /** Entries that are not there yet: position and identity. */
  added: { path: Path; identity: string; value: string }[];
  /** What is left of the words: the value. */
  rest: string[];
}

export class Candidate {
  #document: Document;

  /**
   * @param revision The one in force that it was made from.
   * Errors: CliError when the text is not YAML.
   */
  constructor(
    text: string,
    readonly revision: number,
  ) {
    this.#document = parsed(text);
  }

  get text(): string {
    return this.#document.toString({ lineWidth: 0 });
  }

  /** Another text in place of all. Errors: CliError when it is not YAML. */
  replace(text: string): void {
    this.#document = parsed(text);
  }

  /** `interfaces lan mtu 1400`: entries of lists by their names, and made when there are none. Errors: CliError. */
  set(words: readonly string[]): void {
    const { path, format, added, rest } = this.#find(words);
    const item = itemFormat(format);
    if (isSection(format) && item === null) {
      if (rest.length === 0 && added.length > 0) {
        this.#add(added);
        return;
      }
      throw new CliError(`${words.join(' ')} is a section: name one of its keys, ${names(keysOf(format))}`);
    }
    if (rest.length === 0) throw new CliError(`${words.join(' ')} needs a value: ${valueHint(format).word}`);
    this.#add(added);
    if (item !== null) {
      for (const word of rest) this.#addValue(path, valueFrom(item, word));
    } else {
      if (rest.length > 1)
        throw new CliError(`"${rest.join(' ')}" is several values: put one with spaces in quotes`);
      this.#document.setIn(path, valueFrom(format, rest[0] as string));
    }
  }

  /** Errors: CliError when there is nothing there. */
  delete(words: readonly string[]): void {
    const { path, format, added, rest } = this.#find(words);
    const item = itemFormat(format);
    const missing = (): CliError => new CliError(`there is no ${words.join(' ')}`);
    if (added.length > 0 || (rest.length > 0 && item === null)) throw missing();
    if (rest.length === 0) {
      if (!this.#document.hasIn(path)) throw missing();
      this.#document.deleteIn(path);
      return;
    }
    const list = this.#document.getIn(path);
    for (const word of rest) {
      const at = isSeq(list)
        ? list.items.findIndex((each) => scalar(each) === String(valueFrom(item as Format, word)))
        : -1;
      if (at < 0) throw missing();
      (list as YAMLSeq).delete(at);
    }
  }

  /** The part at a path, as YAML. Errors: CliError when there is nothing there. */
  show(words: readonly string[]): string {
    if (words.length === 0) return this.text;
    const { path, added, rest } = this.#find(words);
    if (added.length > 0 || rest.length > 0 || !this.#document.hasIn(path))
      throw new CliError(`there is no ${words.join(' ')}`);
    const node = this.#document.getIn(path, true);
    return isCollection(node)
      ? new (this.#document.constructor as typeof Document)(node).toString()
      : `${scalar(node)}\n`;
  }

  /** What may follow the words of a path. */
  next(words: readonly string[]): Word[] {
    const { path, format, added, rest } = this.#find(words);
    if (rest.length > 0 && itemFormat(format) === null) return [];
    const item = itemFormat(format);
    if (item === null) {
      if (isSection(format)) return keysOf(format);
      const values = valuesOf(format);
      return values.length > 0 ? values : [valueHint(format)];
    }
    const identity = identityOf(item);
    if (identity === null || !isSection(item)) {
      const values = valuesOf(item);
      return values.length > 0 ? values : [valueHint(item)];
    }
    const list = added.length > 0 ? null : this.#document.getIn(path);
    const present = isSeq(list)
      ? list.items.filter(isMap).map((entry) => String(entry.get(identity) ?? ''))
      : [];
    return [
      ...present.filter((each) => each !== '').map((word) => ({ word, help: '' })),
      { word: `<${identity}>`, help: 'of a new entry' },
    ];
  }

  /** Errors: CliError for a key that there is not. */
  #find(words: readonly string[]): Found {
    let format = configurationFormat();
    const path: Path = [];
    const added: Found['added'] = [];
    for (let at = 0; at < words.length; at++) {
      const word = words[at] as string;
      const item = itemFormat(format);
      if (item !== null && isSection(item)) {
        const identity = identityOf(item);
        if (identity === null)
          throw new CliError(
            `entries of ${words.slice(0, at).join(' ')} have no name: edit them with "load"`,
          );
        const list = this.#document.getIn(path);
        const entries = isSeq(list) ? list.items : [];
        const found = entries.findIndex((entry) => isMap(entry) && String(entry.get(identity)) === word);
        path.push(found < 0 ? entries.length : found);
        if (found < 0) added.push({ path: [...path], identity, value: word });
        format = item;
        continue;
      }
      if (item !== null || !isSection(format)) return { path, format, added, rest: words.slice(at) };
      const key = keyFormat(format, word);
      if (key === null) {
        const where = at === 0 ? 'a configuration' : words.slice(0, at).join(' ');
        const keys = keysOf(format);
        const near = perhaps(
          word,
          keys.map((each) => each.word),
        );
        throw new CliError(`${where} has no "${word}"${near}: ${names(keys)}`);
      }
      path.push(word);
      format = key;
    }
    return { path, format, added, rest: [] };
  }

  #add(added: Found['added']): void {
    for (const { path, identity, value } of added) {
      const list = path.slice(0, -1);
      if (!isSeq(this.#document.getIn(list))) this.#document.setIn(list, this.#document.createNode([]));
      (this.#document.getIn(list) as YAMLSeq).add(this.#document.createNode({ [identity]: value }));
    }
  }

  #addValue(path: Path, value: unknown): void {
    const list = this.#document.getIn(path);
    if (!isSeq(list)) {
      this.#document.setIn(path, this.#document.createNode([value]));
    } else if (!list.items.some((each) => scalar(each) === String(value))) {
      list.add(this.#document.createNode(value));
    }
  }
}

function parsed(text: string): Document {
  const document = parseDocument(text === '' ? 'schema: 1\n' : text, {
    prettyErrors: false,
    logLevel: 'error',
  });
  if (document.errors.length > 0)
    throw new CliError('that is not valid YAML: "sluice config validate" says where');
  if (!isMap(document.contents))
    throw new CliError('a configuration is a section of keys, starting with "schema: 1"');
  return document as Document<YAMLMap>;
}

function scalar(node: unknown): string {
  return String(isScalar(node) ? node.value : node);
}

function names(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(', ');
}
