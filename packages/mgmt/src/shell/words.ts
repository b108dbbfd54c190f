// A line of the command line in words.

export interface Words {
  /** Those that are complete, quotes taken off. */
  words: string[];
  /** What is being typed: the last word, or '' after a space. */
  partial: string;
  /** True inside a quote that is still open. */
  open: boolean;
}

/**
 * Cuts a line at spaces. Single and double quotes keep spaces, "|" and "?" in a word; a backslash keeps the character
 * behind it.
 */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (character === '\\' && quote !== "'" && i + 1 < line.length) {
      word += line[++i];
      started = true;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      started = true;
    } else if (/\s/.test(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += character;
      started = true;
    }
  }
  return { words, partial: word, open: quote !== '' };
}

/** All words of a whole line; null when a quote is left open. */
export function wholeWords(line: string): string[] | null {
  const { words, open } = splitWords(`${line} `);
  return open ? null : words;
}

/** The parts of a line between pipes that are not quoted: the command, and its filters. */
export function splitPipes(line: string): string[] {
  const parts = [''];
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (character === '\\' && quote !== "'" && i + 1 < line.length) {
      parts.push(parts.pop() + character + line[++i]);
      continue;
    }
    if (quote === '' && character === '|') {
      parts.push('');
      continue;
    }
    if (quote === character) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    parts.push(parts.pop() + character);
  }
  return parts;
}
