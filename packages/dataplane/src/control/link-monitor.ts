// Hears from Linux when links or addresses change, in this namespace and in those of VRFs: `ip monitor`, as a child.
//
// What it says is a hint to look: nothing is read from it but the namespace. Should it end, it is started again, and
// everything counts as changed.
import { type ChildProcess, spawn } from 'node:child_process';
import { IpCommandError, ip } from './ip-command.js';

/** Changes come in bursts, many of them our own: one look for all. */
const SETTLE_MS = 100;
const RESTART_MS = 1_000;
/** One that cannot listen has ended by then. */
const LISTENS_MS = 2_000;
/** What ip says, by the kernel's age, of a namespace that has a number. */
const HAS_NUMBER = /already has a nsid|File exists/;

export class LinkMonitor {
  private child: ChildProcess | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** Until it counts as one that listens. */
  private listens: NodeJS.Timeout | null = null;
  private stopped = false;
  private rest = '';
  private readonly ids = new Map<string, string>();
  private readonly touched = new Set<string | null>();

  /**
   * @param changed called with the namespaces where something changed; null is this one.
   * @param tell called with what keeps it from hearing anything, and with null once it listens again.
   */
  constructor(
    private readonly changed: (namespaces: ReadonlySet<string | null>) => void,
    private readonly tell: (problem: string | null) => void,
  ) {}

  start(): void {
    if (this.stopped) return;
    // It dies with this process however that ends (prctl(2), PR_SET_PDEATHSIG): a data plane that is killed leaves none.
    const command = ['--pdeathsig', 'KILL', 'ip', '-oneline', 'monitor', 'link', 'address', 'all-nsid'];
    const child = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    this.listens = setTimeout(() => this.tell(null), LISTENS_MS);
    const again = (why: string): void => {
      if (this.child !== child || this.stopped) return;
      this.child = null;
      if (this.listens !== null) clearTimeout(this.listens);
      this.tell(`ip monitor ${why}: changes that others make are noticed late`);
      this.timer = setTimeout(() => {
        this.timer = null;
        this.start();
        // Whatever happened meanwhile was not heard.
        for (const namespace of [null, ...this.ids.values()]) this.touch(namespace);
      }, RESTART_MS);
    };
    child.on('error', (error) => again(`does not start (${error.message})`));
    child.on('close', (code, signal) => again(`has ended (${signal ?? code})`));
  }

  /** Has the events of these namespaces come here too; the kernel tells only of those that have a number here. */
  async follow(namespaces: readonly string[]): Promise<void> {
    for (const name of this.ids.values()) if (!namespaces.includes(name)) this.forget(name);
    const known = new Set(this.ids.values());
    const unknown = namespaces.filter((name) => !known.has(name));
    for (const name of unknown) {
      try {
        await ip(['netns', 'set', name, 'auto']);
      } catch (error) {
        // One that a device was moved to, or that an earlier process followed, has a number already.
        if (!(error instanceof IpCommandError && HAS_NUMBER.test(error.message))) throw error;
      }
    }
    if (unknown.length === 0) return;
    const list = JSON.parse((await ip(['-json', 'netns', 'list-id'])) || '[]') as {
      nsid: number;
      name?: string;
    }[];
    this.ids.clear();
    for (const { nsid, name } of list) {
      if (name !== undefined && namespaces.includes(name)) this.ids.set(String(nsid), name);
    }
  }

  /** A namespace is gone, or another has its name now, which has no number yet. */
  forget(namespace: string): void {
    for (const [id, name] of this.ids) if (name === namespace) this.ids.delete(id);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.listens !== null) clearTimeout(this.listens);
    this.child?.kill();
  }

  private hear(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const id = /^\[nsid (\w+)\]/.exec(line)?.[1];
      if (id === undefined || id === 'current') this.touch(null);
      else {
        const namespace = this.ids.get(id);
        if (namespace !== undefined) this.touch(namespace);
      }
    }
  }

  private touch(namespace: string | null): void {
    this.touched.add(namespace);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      const namespaces = new Set(this.touched);
      this.touched.clear();
      this.changed(namespaces);
    }, SETTLE_MS);
  }
}
