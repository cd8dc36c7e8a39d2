/*
 * The interop cases of multicast DNS: peers of this project and of js-libp2p that were given no
 * address find each other, on this machine and, for root, between two network namespaces.
 *
 *   node mdns-cases.mjs JAVA_ARGUMENT...   arguments that make java run MdnsPeer
 *   node mdns-cases.mjs --self             js against js: checks the cases themselves
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Peer } from './peer.mjs';
import { Suite, until } from './suite.mjs';

const CASE_MILLIS = 120_000;
const TOTAL_MILLIS = 300_000;
/** Java starts slowly where much else runs. */
const START_MILLIS = 60_000;
/** js asks every 10 s, and once when it starts. */
const FIND_MILLIS = 25_000;

const self = process.argv[2] === '--self';
const startJs = (name) => Peer.js(name, 'mdns-peer.mjs');
const startOurs = (name) => (self ? startJs(name) : Peer.ours(name, process.argv.slice(2)));
const processes = { js: startJs('js'), ours: startOurs('ours'), ours2: startOurs('ours2') };

const suite = new Suite({
  peers: () => Object.values(processes), caseMillis: CASE_MILLIS, totalMillis: TOTAL_MILLIS,
});

/** One libp2p host in the process of that name. */
class Host {
  constructor(side, { host, peer, addresses }) {
    Object.assign(this, { side, host, peer, addresses });
  }

  static async start(side, network, listen = '/ip4/127.0.0.1/tcp/0') {
    return new Host(side, await processes[side].call('host', { network, listen }, START_MILLIS));
  }

  call(command) {
    return processes[this.side].call(command, { host: this.host });
  }

  async finds(other) {
    const addresses = await until(`${this.side} finds ${other.side}`,
      async () => (await this.call('found'))[other.peer], FIND_MILLIS);
    assert.deepEqual(addresses, other.addresses);
  }

  async connected(other) {
    await until(`${this.side} and ${other.side} are connected`,
      async () => (await this.call('connections')).includes(other.peer), FIND_MILLIS);
  }
}

const ip = (...args) => execFileSync('ip', args, { stdio: 'pipe' });

/** Two machines without a network until they are joined: network namespaces. Gone with this process. */
class TwoMachines {
  #names = ['a', 'b'].map((end) => `mdns-${process.pid}-${end}`);

  constructor() {
    process.on('exit', () => this.#names.forEach((name) => {
      try { ip('netns', 'del', name); } catch { /* it was not made */ }
    }));
    for (const name of this.#names) {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }

  /** Starts `command` on machine 0 or 1 as the process of the side. */
  run(machine, side, command, args) {
    processes[side] = new Peer(side, 'ip', ['netns', 'exec', this.#names[machine], command, ...args]);
  }

  /** Each end is called eth0: it is not taken for a container's. */
  join() {
    const [a, b] = this.#names;
    ip('link', 'add', 'eth0', 'netns', a, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b);
    this.#names.forEach((name, i) => {
      ip('-n', name, 'addr', 'add', `10.77.0.${i + 1}/24`, 'dev', 'eth0');
      // Of no use to a node, and not to be told.
      ip('-n', name, 'link', 'add', 'docker0', 'type', 'bridge');
      ip('-n', name, 'addr', 'add', '172.17.0.1/16', 'dev', 'docker0');
      ip('-n', name, 'link', 'set', 'docker0', 'up');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
    });
  }
}

function mayMakeMachines() {
  try {
    const name = `mdns-${process.pid}`;
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

/** Both were started without a network; what ours tells is where it is on the cable, nothing else. */
async function findEachOtherOnceJoined() {
  const machines = new TwoMachines();
  const network = randomUUID();
  machines.run(0, 'ours on a', 'java', process.argv.slice(2));
  machines.run(1, 'ours on b', 'java', process.argv.slice(2));
  const a = await Host.start('ours on a', network, '/ip4/0.0.0.0/tcp/0');
  const b = await Host.start('ours on b', network, '/ip4/0.0.0.0/tcp/0');
  machines.join();
  const at = (host, address) => host.addresses.map((bound) => bound.replace(/^.ip4.[0-9.]+/, `/ip4/${address}`));
  for (const [one, other, address] of [[a, b, '10.77.0.2'], [b, a, '10.77.0.1']]) {
    const found = await until(`${one.side} finds ${other.side}`,
      async () => (await one.call('found'))[other.peer], FIND_MILLIS);
    assert.deepEqual(found, at(other, address));
  }
  await a.connected(b);
}

const SIDES = [['ours', 'js'], ['js', 'ours'], ['ours', 'ours2']];

suite.run(async () => {
  for (const [first, second] of SIDES) {
    await suite.check(`${first} is there, ${second} comes: both find the other, and connect`, async () => {
      const network = randomUUID();
      const there = await Host.start(first, network);
      const comes = await Host.start(second, network);
      await Promise.all([there.finds(comes), comes.finds(there)]);
      // js finds, and leaves it to others to dial.
      if (!self) await there.connected(comes);
      await there.call('stop');
      await comes.call('stop');
    });
  }

  await suite.check('peers of another network are not found', async () => {
    const network = randomUUID();
    const hosts = [];
    for (const [side, name] of [['js', network], ['ours', randomUUID()], ['ours2', network], ['js', randomUUID()]]) {
      hosts.push(await Host.start(side, name));
    }
    await Promise.all([hosts[0].finds(hosts[2]), hosts[2].finds(hosts[0])]);
    assert.deepEqual(Object.keys(await hosts[0].call('found')), [hosts[2].peer]);
    assert.deepEqual(Object.keys(await hosts[2].call('found')), [hosts[0].peer]);
    assert.deepEqual(await hosts[1].call('found'), {});
    assert.deepEqual(await hosts[3].call('found'), {});
  });

  const title = 'two machines that are joined after the start: both find the other, and connect';
  if (self) return; // js takes no notice of a network that comes after its start
  if (mayMakeMachines()) {
    await suite.check(title, findEachOtherOnceJoined);
  } else {
    console.log(`skip  ${title}: only root can make network namespaces`);
  }
});
