// A client of a few lines, so that what drives a server in a bench is no library under somebody else's tuning.
import { connect } from 'node:net';

/** Reads one RESP2 reply at `at`. Returns [value, next position], or undefined if it is not there in full. */
function parse(text, at) {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const line = text.slice(at + 1, lineEnd);
  let next = lineEnd + 2;
  switch (text[at]) {
    case '+':
      return [line, next];
    case '-':
      return [new Error(line), next];
    case ':':
      return [Number(line), next];
    case '$':
      if (line === '-1') return [null, next];
      if (text.length < next + Number(line) + 2) return undefined;
      return [text.slice(next, next + Number(line)), next + Number(line) + 2];
    case '*': {
      if (line === '-1') return [null, next];
      const items = [];
      for (let i = 0; i < Number(line); i++) {
        const item = parse(text, next);
        if (!item) return undefined;
        items.push(item[0]);
        next = item[1];
      }
      return [items, next];
    }
    default:
      throw new Error(`not a RESP2 reply: ${text.slice(at, at + 40)}`);
  }
}

export class Client {
  #socket;
  #text = '';
  #waiting = [];
  #failure;

  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  #take(chunk) {
    this.#text += chunk;
    let at = 0;
    for (let reply = parse(this.#text, at); reply; reply = at < this.#text.length ? parse(this.#text, at) : undefined) {
      at = reply[1];
      this.#waiting.shift()?.(reply[0]);
    }
    this.#text = this.#text.slice(at);
  }

  #fail(error) {
    this.#failure ??= error;
    for (const settle of this.#waiting.splice(0)) settle(this.#failure);
  }

  /** Sends commands as one write. @returns {Promise<unknown[]>} their replies. @throws the first error among them. */
  async pipeline(commands) {
    if (this.#failure) throw this.#failure;
    const replies = commands.map(() => new Promise((resolve) => this.#waiting.push(resolve)));
    const frames = commands.map(
      (args) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`,
    );
    this.#socket.write(frames.join(''), 'latin1');
    const values = await Promise.all(replies);
    const failed = values.find((value) => value instanceof Error);
    if (failed) throw failed;
    return values;
  }

  async call(...args) {
    return (await this.pipeline([args]))[0];
  }

  close() {
    this.#socket.destroy();
  }
}
