/* A peer in a process of its own, told what to do in JSON lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LOG_LINES = 200;
const CALL_MILLIS = 30_000;
const STOP_MILLIS = 2_000;
const running = new Set();

// However this process ends, its children do too: by pid here, by the end of their stdin otherwise.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.on(signal, () => process.exit(code));
}

export class Peer {
  #child;
  #calls = new Map();
  #nextId = 1;
  #log = [];

  constructor(name, command, args, env = {}) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    running.add(this.#child);
    this.#child.on('error', (error) => this.#fail(error.message));
    this.#child.on('exit', (code, signal) => {
      running.delete(this.#child);
      this.#fail(`${name} ended (${signal ?? code})`);
    });
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answered(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#log.push(line);
      if (this.#log.length > LOG_LINES) this.#log.shift();
    });
  }

  /** A js-libp2p peer; it says on stderr what went wrong inside. */
  static js(name, script = 'js-peer.mjs') {
    return new Peer(name, process.execPath,
      ['--expose-gc', fileURLToPath(new URL(script, import.meta.url))], { DEBUG: 'libp2p:*:error' });
  }

  /** A peer of this project; `javaArguments` say how to start InteropPeer. */
  static ours(name, javaArguments) {
    return new Peer(name, 'java', javaArguments);
  }

  /** The last lines that the process wrote to stderr. */
  get log() {
    return this.#log;
  }

  call(command, parameters = {}, millis = CALL_MILLIS) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode != null || this.#child.signalCode != null) {
        reject(new Error(`${this.name} is not running`));
        return;
      }
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new Error(`${this.name} did not answer ${command} in ${millis} ms`));
      }, millis);
      this.#calls.set(id, { command, resolve, reject, timer });
      this.#child.stdin.write(`${JSON.stringify({ id, command, ...parameters })}\n`);
    });
  }

  async stop() {
    if (!running.has(this.#child)) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await Promise.race([ended, sleep(STOP_MILLIS, undefined, { ref: false })]);
    if (running.has(this.#child)) this.#child.kill('SIGKILL');
  }

  #answered(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.#log.push(line);
      return;
    }
    const call = this.#calls.get(message.id);
    if (call == null) return;
    this.#calls.delete(message.id);
    clearTimeout(call.timer);
    if (message.error == null) {
      call.resolve(message.result);
    } else {
      call.reject(new Error(`${this.name}, ${call.command}: ${message.error}`));
    }
  }

  #fail(reason) {
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
    this.#calls.clear();
  }
}
