/*
 * The interop cases of multicast DNS: peers of this project and of js-libp2p that were given no
 * address find each other, over loopback where there is nothing else.
 *
 *   node mdns-cases.mjs JAVA_ARGUMENT...   arguments that make java run MdnsPeer
 *   node mdns-cases.mjs --self             js against js: checks the cases themselves
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Peer } from './peer.mjs';
import { Suite, until } from './suite.mjs';

const CASE_MILLIS = 40_000;
const TOTAL_MILLIS = 120_000;
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

  static async start(side, network) {
    return new Host(side, await processes[side].call('host', { network }));
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
});
