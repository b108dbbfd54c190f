// All daemons that serve beside this process: those that the configuration asks for, and no others.
import { mkdirSync, readdirSync } from 'node:fs';
import {
  DEFAULT_VRF,
  type Logger,
  messageOf,
  namespacePath,
  PidFile,
  signalProcess,
  vrfNamespaceName,
} from '@sluice/shared';
import { Daemon, type DaemonSpec } from './daemon.js';

const PID_FILE = '.pid';

export class Daemons {
  readonly #daemons = new Map<string, Daemon>();
  #looked = false;

  constructor(
    /** Of their own: files, logs and process ids. */
    readonly runDir: string,
    private readonly log: Logger,
  ) {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
  }

  /** Errors: those of the file system. */
  async converge(specs: readonly DaemonSpec[]): Promise<void> {
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    if (!this.#looked) this.#endLeft(wanted);
    for (const [name, daemon] of this.#daemons) {
      if (wanted.get(name)?.vrf === daemon.vrf) continue;
      this.#daemons.delete(name);
      await this.#stop(daemon, name);
    }
    for (const spec of specs) {
      let daemon = this.#daemons.get(spec.name);
      if (daemon === undefined) {
        const namespace = spec.vrf === DEFAULT_VRF ? null : namespacePath(await vrfNamespaceName(spec.vrf));
        daemon = new Daemon(spec, this.runDir, namespace);
        this.#daemons.set(spec.name, daemon);
      }
      daemon.apply(spec);
    }
  }

  get problems(): string[] {
    return [...this.#daemons.values()].map(({ problem }) => problem).filter((problem) => problem !== null);
  }

  /** Cheap enough for every second. */
  check(): void {
    for (const daemon of this.#daemons.values()) daemon.check();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#daemons].map(([name, daemon]) => this.#stop(daemon, name)));
  }

  /** Those that a killed process of ours left, and that nobody wants any more. */
  #endLeft(wanted: ReadonlyMap<string, DaemonSpec>): void {
    this.#looked = true;
    for (const file of readdirSync(this.runDir)) {
      const name = file.endsWith(PID_FILE) ? file.slice(0, -PID_FILE.length) : null;
      if (name === null || wanted.has(name)) continue;
      const left = new PidFile(this.runDir, name);
      const running = left.read();
      if (running !== null) signalProcess(running, 'SIGTERM');
      left.remove();
    }
  }

  async #stop(daemon: Daemon, name: string): Promise<void> {
    try {
      await daemon.stop();
    } catch (error) {
      this.log.error({ daemon: name, error: messageOf(error) }, 'a daemon could not be ended');
    }
  }
}
