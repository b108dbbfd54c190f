// What a benchmark is, what it is given, and what it gives back.

export type Better = 'lower' | 'higher';

/** What is to be reached; each part that is there must be. */
export interface Target {
  /** In the figure's unit: at most, or at least, by which way is better. */
  value?: number;
  /** Speed as a share of the peer's: above 1 is ahead of it. */
  ratio?: number;
}

/** What the peer, or the ideal, reached in the same rounds. */
export interface PeerFigure {
  name: string;
  /** One a round, in the figure's unit. */
  values: readonly number[];
}

/** One measured figure: a row of the results. */
export interface Figure {
  /** `forward/ip4-1`: unique, and begins with the name of its benchmark's group. */
  name: string;
  /** `ns/packet`, `Mpps`, `Gbit/s`, … */
  unit: string;
  better: Better;
  /** One a round. */
  values: readonly number[];
  peer?: PeerFigure;
  target?: Target;
  /** What a reader of the figure must know: a seed, a limit of the machine. */
  note?: string;
}

/** One round of one side, as the side reports it; `value` is the figure, the rest is of the benchmark's own. */
export interface Round {
  value: number;
  [detail: string]: unknown;
}

/** One of the systems that a benchmark compares: ready to run a round whenever it is its turn. */
export interface Side {
  readonly name: string;
  round(): Promise<Round>;
  /** Ends its processes and takes away what it made. */
  close(): Promise<void>;
}

export interface BenchContext {
  /** Rounds that are counted; one more before them warms up. */
  readonly rounds: number;
  /** A tiny run, which shows that it works: its figures mean nothing. */
  readonly quick: boolean;
  /** Cores to pin to: the last is the one that is measured on, the first is for generators and the runner. */
  readonly cores: readonly number[];
  /** True when a figure was asked for. */
  wants(name: string): boolean;
  /** Rounds of all sides in turn, A B A B; gives each side's rounds, and closes the sides also on failure. */
  alternate(sides: readonly Side[]): Promise<Round[][]>;
  /** The same for sides whose rounds are short and on one core: three times as many, in which the core was at its full speed. */
  alternateShort(sides: readonly Side[]): Promise<Round[][]>;
  /** Measures the cases that were asked for, one after the other; one that fails is reported, and the others run. */
  each<Case extends { name: string }>(
    cases: readonly Case[],
    measure: (one: Case, context: BenchContext) => Promise<Figure>,
  ): Promise<Figure[]>;
  /** A line about how far it is, for whoever waits. */
  say(line: string): void;
}

export interface Benchmark {
  /** Of its figures, or what those begin with. */
  readonly names: readonly string[];
  /** A sentence for the report: what is measured, and how. */
  readonly about: string;
  run(context: BenchContext): Promise<Figure[]>;
}
