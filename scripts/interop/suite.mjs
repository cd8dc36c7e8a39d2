/* Runs cases one after the other: a line for each, the counts at the end. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLIS = 20;
const WAIT_MILLIS = 10_000;

/** Asks until the answer is not null or false. */
export async function until(what, ask, millis = WAIT_MILLIS) {
  const deadline = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert(performance.now() < deadline, `${what}: not within ${millis} ms`);
    await sleep(POLL_MILLIS);
  }
}

/** The message, and where in these files it came from. */
function describe(error) {
  return String(error.stack ?? error).split('\n')
    .filter((line) => !/^\s+at /.test(line) || /cases\.mjs|-peer\.mjs|java/.test(line))
    .map((line) => `      ${line.trim()}`)
    .join('\n');
}

export class Suite {
  #passed = 0;
  #failed = 0;
  #peers;
  #caseMillis;
  #totalMillis;

  /** `peers` answers the processes whose last words are shown when something failed. */
  constructor({ peers, caseMillis, totalMillis }) {
    this.#peers = peers;
    this.#caseMillis = caseMillis;
    this.#totalMillis = totalMillis;
  }

  async check(name, body) {
    const start = performance.now();
    const timeout = new AbortController();
    try {
      await Promise.race([
        body(),
        sleep(this.#caseMillis, undefined, { signal: timeout.signal }).then(() => {
          throw new Error(`not done after ${this.#caseMillis} ms`);
        }),
      ]);
      this.#passed++;
      console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      this.#failed++;
      console.log(`FAIL  ${name}\n${describe(error)}`);
    } finally {
      timeout.abort();
    }
  }

  /** Runs `cases`, stops the peers and ends this process: with 0 when all passed. */
  async run(cases) {
    const limit = setTimeout(() => {
      console.log(`FAIL  all cases within ${this.#totalMillis} ms`);
      this.#failed++;
      this.#finish();
    }, this.#totalMillis);
    try {
      await cases();
    } catch (error) {
      this.#failed++;
      console.log(`FAIL  the cases could not go on\n${describe(error)}`);
    }
    clearTimeout(limit);
    await Promise.all(this.#peers().map((peer) => peer.stop()));
    this.#finish();
  }

  #finish() {
    if (this.#failed > 0) {
      for (const peer of this.#peers()) {
        console.log(`--- last words of ${peer.name}`);
        peer.log.forEach((line) => console.log(`    ${line}`));
      }
    }
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed > 0 || this.#passed === 0 ? 1 : 0);
  }
}
