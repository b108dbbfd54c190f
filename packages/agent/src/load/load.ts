// A configuration file, validated: the configuration with its defaults, or every problem with its place.
import { type ConfigProblem, type DeviceConfig, deviceConfigSchema } from '@sluice/shared';
import type { z } from 'zod';
import { type Parsed, parseConfig } from './parse.js';
import { type ConfigPath, fileProblem, formatPath } from './problem.js';
import { readConfigFile } from './read-file.js';
import { sentenceOf, unknownKey, validKeys } from './sentences.js';

export type LoadResult = { config: DeviceConfig; problems: [] } | { config: null; problems: ConfigProblem[] };

/** Reads and validates the YAML or JSON file at a path. Never throws for what the file is or holds. */
export async function loadConfig(file: string): Promise<LoadResult> {
  const read = await readConfigFile(file);
  return 'error' in read ? { config: null, problems: [fileProblem(read.error)] } : checkConfig(read.text);
}

/** Validates the text of a configuration. */
export function checkConfig(text: string): LoadResult {
  const parsed = parseConfig(text);
  if ('problems' in parsed) return { config: null, problems: parsed.problems };
  if (parsed.value === null || parsed.value === undefined) {
    return {
      config: null,
      problems: [fileProblem('the configuration is empty: it starts with "schema: 1"')],
    };
  }
  // What each section's valid keys are is known only while zod reports: kept here by the section's path.
  const sectionKeys = new Map<string, string[]>();
  const result = deviceConfigSchema.safeParse(parsed.value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys')
        sectionKeys.set(formatPath(pathOf(issue.path)), validKeys(issue));
      return sentenceOf(issue);
    },
  });
  if (result.success) return { config: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, parsed, sectionKeys));
  return { config: null, problems: problems.sort(byPlace) };
}

function problemsOf(
  issue: z.core.$ZodIssue,
  parsed: Parsed,
  sectionKeys: Map<string, string[]>,
): ConfigProblem[] {
  const path = pathOf(issue.path);
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: formatPath(path), ...orNull(parsed.placeOf(path)), message: issue.message }];
  }
  const valid = sectionKeys.get(formatPath(path)) ?? [];
  return issue.keys.map((key) => ({
    path: formatPath([...path, key]),
    ...orNull(parsed.placeOfKey([...path, key])),
    message: valid.length > 0 ? unknownKey(key, valid) : `there is no key "${key}" here`,
  }));
}

function orNull(place: { line: number; column: number } | null): {
  line: number | null;
  column: number | null;
} {
  return place ?? { line: null, column: null };
}

/** zod allows symbols in paths; what comes from YAML has none. */
function pathOf(path: readonly PropertyKey[] | undefined): ConfigPath {
  return (path ?? []).filter((key) => typeof key !== 'symbol');
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
