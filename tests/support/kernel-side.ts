// A kernel in this process as one side of a duel: what a server of one shard would answer, without the server. Commands
// that the kernel leaves to its host are not here, SELECT of a database that exists excepted.
import * as abi from '../../host/kernel/abi.js';
import type { Protocol, Side } from './generator/duel.js';
import type { Connection } from './generator/probe.js';
import type { Step } from './generator/stream.js';
import { frame, openKernel, type TestKernel } from './kernel.js';
import type { Arg } from './resp-client.js';
import type { Build } from './wasm.js';

const bytesOf = (arg: Arg) => (arg instanceof Uint8Array ? arg : Buffer.from(String(arg)));
const isSelect = (command: readonly Arg[]) =>
  command.length === 2 &&
  String(command[0]).toLowerCase() === 'select' &&
  /^(\d|1[0-5])$/.test(Buffer.from(bytesOf(command[1])).toString('latin1'));

/** One client of the kernel: a database and a protocol of its own. */
class KernelConnection implements Connection {
  #db = 0;

  constructor(
    readonly kernel: TestKernel,
    readonly protocol: Protocol,
  ) {}

  async pipeline(commands: readonly (readonly Arg[])[]): Promise<Buffer[]> {
    return commands.map((command) => this.#answer(command));
  }

  #answer(command: readonly Arg[]): Buffer {
    if (isSelect(command)) {
      this.#db = Number(command[1]);
      return Buffer.from('+OK\r\n');
    }
    this.kernel.now = Date.now();
    this.kernel.db = this.#db;
    this.kernel.proto = this.protocol;
    const reply = this.kernel.feed(frame(...command.map(bytesOf)), 1);
    if (this.kernel.status !== abi.STATUS_DONE)
      throw new Error(`status ${this.kernel.status} for ${command.join(' ').slice(0, 200)}`);
    return reply;
  }

  async close(): Promise<void> {}
}

export class KernelSide implements Side {
  readonly name: string;
  readonly kernel: TestKernel;
  readonly #scratch: TestKernel;

  constructor(build: Build) {
    this.name = `the kernel (${build.memory}, ${build.mode})`;
    this.kernel = openKernel(build);
    this.#scratch = openKernel(build);
  }

  async connect(protocol: Protocol): Promise<Connection> {
    return new KernelConnection(this.kernel, protocol);
  }

  async post(): Promise<string | undefined> {
    return undefined;
  }

  /** Is this command answered here, rather than by a host? */
  answers(command: readonly Arg[]): boolean {
    if (isSelect(command)) return true;
    this.#scratch.feed(frame(...command.map(bytesOf)), 1);
    return this.#scratch.status !== abi.STATUS_HOST;
  }

  /** The steps of a stream that are answered here. */
  own(steps: readonly Step[]): Step[] {
    return steps
      .map((step) =>
        step.kind === 'scan' ? step : { ...step, commands: step.commands.filter((command) => this.answers(command)) },
      )
      .filter(({ commands }) => commands.length > 0);
  }
}
