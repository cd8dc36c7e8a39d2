/*
 * A network of nodes in processes of their own, on loopback. Each serves a model of its own name, so
 * that whoever lists all of them knows all nodes.
 *
 *   node network.mjs BINARY [--nodes N] [--only PART]... [--find-seconds N] [--seed N] [--json]
 *
 *   mdns        nobody is given an address: when does each list all models?
 *   bootstrap   each node is given one address, of an earlier one
 *   restart     one node comes back without an address, one with a damaged store
 *   kill        a third of the nodes is killed: when does nobody list their models any more?
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const PARTS = ['mdns', 'bootstrap', 'restart', 'kill'];
/** Nodes that start at the same time; more would only wait for the processor. */
const STARTING = 4;
const READY_MILLIS = 300_000;
const REJOIN_MILLIS = 10_000;
/** Longest that a node may still list one that was killed. */
const FORGET_MILLIS = 120_000;
const POLL_MILLIS = 50;

const { values: options, positionals: [binary] } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '8' },
    only: { type: 'string', multiple: true, default: PARTS },
    seed: { type: 'string', default: '1' },
    'find-seconds': { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(options.nodes);
assert(Number.isInteger(count) && count >= 4 && count <= 200, '--nodes takes 4 to 200');
for (const part of options.only) assert(PARTS.includes(part), `--only takes ${PARTS.join(', ')}`);

const folder = mkdtempSync(join(tmpdir(), 'infernet-network-'));
const running = new Set();
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  rmSync(folder, { recursive: true, force: true });
});
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => process.exit(code));

/** A small generator, so that a run can be repeated with its --seed. */
let state = Number(options.seed) >>> 0;
function random(bound) {
  state = (state * 1_664_525 + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
}

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INFERNET_')));
const say = (text) => { if (!options.json) console.log(text); };
const seconds = (millis) => `${(millis / 1000).toFixed(1)} s`;

class Node {
  #child;

  constructor(network, index) {
    this.network = network;
    this.name = `node-${index}`;
    this.model = `story-${index}`;
    this.home = join(folder, network, this.name);
    mkdirSync(join(this.home, 'models', this.model), { recursive: true });
    mkdirSync(join(this.home, 'models', 'storyteller'));
    for (const name of readdirSync(storyteller)) {
      for (const model of [this.model, 'storyteller']) linkSync(join(storyteller, name), join(this.home, 'models', model, name));
    }
  }

  /** Resolves when it is ready. */
  async start({ bootstrap, mdns }) {
    this.log = join(this.home, `log-${Date.now()}`);
    const log = openSync(this.log, 'w');
    const args = ['serve', '--home', this.home, '--network', this.network, '--listen', this.listen ?? '/ip4/127.0.0.1/tcp/0', '--api', '127.0.0.1:0'];
    if (!mdns) args.push('--no-mdns');
    if (bootstrap) args.push('--bootstrap', bootstrap.address);
    this.#child = spawn(binary, args, { stdio: ['ignore', log, log], env: environment });
    const child = this.#child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    const since = performance.now();
    while (!/^ready$/m.test(this.said())) {
      assert(child.exitCode == null && child.signalCode == null, `${this.name} ended: ${this.said()}`);
      assert(performance.now() - since < READY_MILLIS, `${this.name} is not ready: ${this.said()}`);
      await sleep(POLL_MILLIS);
    }
    this.address = /^listening +(\S+)$/m.exec(this.said())[1];
    // A node that comes back is where it was.
    this.listen = this.address.replace(/\/p2p\/.*$/, '');
    this.note = JSON.parse(readFileSync(join(this.home, 'node.json')));
    this.readyAt = performance.now();
  }

  said() {
    return readFileSync(this.log, 'utf8');
  }

  async get(path) {
    const response = await fetch(new URL(path, this.note.api), { headers: { Authorization: `Bearer ${this.note.token}` } });
    assert.equal(response.status, 200, `${this.name} ${path}`);
    return response.json();
  }

  /** The names of the models that can be asked for, here or in the network. */
  async models() {
    const { models } = await this.get('/api/models');
    return new Set(models.filter(({ installed, providers }) => installed || providers > 0).map(({ name }) => name));
  }

  async stop(signal) {
    const child = this.#child;
    if (!running.has(child)) return;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill(signal);
    await ended;
  }

  residentMegabytes() {
    const pid = this.note.pid;
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  }
}

/** Starts a few at a time; `bootstrap(index)` says whom a node is told. */
async function startAll(nodes, { bootstrap = () => undefined, mdns = false }) {
  const started = nodes.map(() => Promise.withResolvers?.() ?? deferred());
  started.forEach(({ promise }) => promise.catch(() => {}));
  let next = 0;
  const worker = async () => {
    while (next < nodes.length) {
      const index = next++;
      try {
        const known = bootstrap(index);
        if (known != null) await started[known].promise;
        await nodes[index].start({ bootstrap: known == null ? undefined : nodes[known], mdns });
        started[index].resolve();
      } catch (error) {
        started[index].reject(error);
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: STARTING }, worker));
}

function deferred() {
  let resolve, reject;
  const promise = new Promise((res, rej) => { resolve = res; reject = rej; });
  return { promise, resolve, reject };
}

/**
 * Waits until each of `nodes` lists exactly the models of `present` among all that there are.
 * Answers how long after `since` the last of them did.
 */
async function untilAllList(nodes, present, all, since, limit) {
  const wanted = new Set(present.map(({ model }) => model));
  const others = all.map(({ model }) => model).filter((model) => !wanted.has(model));
  const waiting = new Map(nodes.map((node) => [node, '']));
  let last = since;
  while (waiting.size > 0) {
    for (const node of [...waiting.keys()]) {
      const models = await node.models();
      const missing = [...wanted].filter((model) => !models.has(model));
      const extra = others.filter((model) => models.has(model));
      if (missing.length + extra.length === 0) {
        waiting.delete(node);
        last = performance.now();
      } else {
        waiting.set(node, `${node.name} lacks ${missing.length ? missing : 'none'}, has ${extra.length ? extra : 'none'} too much`);
      }
    }
    assert(last - since < limit && (waiting.size === 0 || performance.now() - since < limit),
      `not within ${seconds(limit)}:\n${[...waiting.values()].join('\n')}`);
    if (waiting.size > 0) await sleep(POLL_MILLIS);
  }
  return Math.round(last - since);
}

const lastReady = (nodes) => Math.max(...nodes.map(({ readyAt }) => readyAt));

async function find(network, settings) {
  const nodes = Array.from({ length: count }, (_, index) => new Node(network, index));
  const begun = performance.now();
  await startAll(nodes, settings);
  const startMillis = Math.round(performance.now() - begun);
  const findMillis = await untilAllList(nodes, nodes, nodes, lastReady(nodes), Number(options['find-seconds']) * 1000);
  const connections = await Promise.all(nodes.map(async (node) => (await node.get('/api/status')).peers));
  const resident = nodes.map((node) => Math.round(node.residentMegabytes())).sort((a, b) => a - b);
  return { nodes, result: { start_ms: startMillis, find_ms: findMillis, max_connections: Math.max(...connections), max_resident_mb: resident.at(-1) } };
}

/** Ends all nodes that run, also those of a part that failed. */
async function killAll() {
  await Promise.all([...running].map((child) => new Promise((resolve) => {
    child.on('exit', resolve);
    child.kill('SIGKILL');
  })));
}

/** A node comes back with nothing but what it kept; another with a store that is damaged. */
async function restart(nodes) {
  const [back, damaged] = [nodes[count - 1], nodes[count - 2]];
  await back.stop('SIGTERM');
  await back.start({ mdns: false });
  const rejoinMillis = await untilAllList([back], nodes, nodes, back.readyAt, REJOIN_MILLIS);
  await damaged.stop('SIGKILL');
  const store = join(damaged.home, 'store', 'discovery');
  for (const name of readdirSync(store).filter((name) => /\.(sst|log)$|^MANIFEST/.test(name))) {
    const file = join(store, name);
    writeFileSync(file, Buffer.alloc(Math.max(64, statSync(file).size), 0x5a));
  }
  await damaged.start({ bootstrap: nodes[0], mdns: false });
  assert.match(damaged.said(), /WARN|warn|damaged/, 'it says that its store was damaged');
  const repairMillis = await untilAllList([damaged], nodes, nodes, damaged.readyAt, REJOIN_MILLIS);
  return { rejoin_ms: rejoinMillis, damaged_store_ms: repairMillis, warning: damaged.said().split('\n').find((line) => /damaged/.test(line)) };
}

async function kill(nodes) {
  const killed = nodes.filter((_, index) => index % 3 === 1);
  const rest = nodes.filter((node) => !killed.includes(node));
  const since = performance.now();
  await Promise.all(killed.map((node) => node.stop('SIGKILL')));
  return { killed: killed.length, forget_ms: await untilAllList(rest, rest, nodes, since, FORGET_MILLIS) };
}

/** The files of the model that comes with the program. */
const storyteller = (() => {
  const home = join(folder, 'template');
  const list = spawnSync(binary, ['list', '--home', home], { encoding: 'utf8', env: environment });
  assert.equal(list.status, 0, list.stderr);
  return join(home, 'models', 'storyteller');
})();

const report = { nodes: count };
let failed = false;
const part = async (name, body) => {
  try {
    report[name] = await body();
    say(`ok    ${name}: ${JSON.stringify(report[name])}`);
  } catch (error) {
    failed = true;
    report[name] = { error: error.message };
    say(`FAIL  ${name}: ${error.stack}`);
  }
};

const unique = `test-${process.pid}`;
if (options.only.includes('mdns')) {
  await part('mdns', async () => (await find(`${unique}-mdns`, { mdns: true })).result);
  await killAll();
}
if (options.only.some((name) => name !== 'mdns')) {
  let nodes = [];
  await part('bootstrap', async () => {
    const found = await find(unique, { bootstrap: (index) => (index === 0 ? undefined : random(index)) });
    nodes = found.nodes;
    return found.result;
  });
  if (nodes.length > 0) {
    if (options.only.includes('restart')) await part('restart', () => restart(nodes));
    if (options.only.includes('kill')) await part('kill', () => kill(nodes));
  }
  await killAll();
}
if (options.json) console.log(JSON.stringify(report));
process.exit(failed ? 1 : 0);
