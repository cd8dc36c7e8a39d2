/*
 * The interop cases of discovery: this project's DHT and gossip router against js-libp2p's, three
 * hosts of each.
 *
 *   node discovery-cases.mjs JAVA_ARGUMENT...   arguments that make java run DiscoveryPeer
 *   node discovery-cases.mjs --self             js against js: checks the cases themselves
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { Peer } from './peer.mjs';
import { Suite, until } from './suite.mjs';

const DHT_PROTOCOLS = ['/ipfs/kad/1.0.0', '/infernet/kad/1.0.0'];
const SIDES = ['ours', 'js'];
const HOSTS = 3;

const SMALL_BYTES = 100;
/** Above the size from which IDONTWANT is sent. */
const LARGE_BYTES = 100 * 1024;

const RAW = 0x55;
const SHA2_256 = 0x12;

const CASE_MILLIS = 40_000;
const TOTAL_MILLIS = 170_000;

const self = process.argv[2] === '--self';
const startJs = (name) => Peer.js(name, 'discovery-peer.mjs');
const processes = {
  js: startJs('js'),
  ours: self ? startJs('ours') : Peer.ours('ours', process.argv.slice(2)),
};
const other = (side) => (side === 'js' ? 'ours' : 'js');

const suite = new Suite({
  peers: () => Object.values(processes), caseMillis: CASE_MILLIS, totalMillis: TOTAL_MILLIS,
});
const check = (name, body) => suite.check(name, body);

/** One libp2p host in the process of its side. */
class Host {
  constructor(side, { host, peer, addresses }) {
    Object.assign(this, { side, host, peer, addresses });
  }

  static async start(side, protocol) {
    return new Host(side, await processes[side].call('host', { key: side === 'js' ? 'Ed25519' : 'secp256k1', protocol }));
  }

  call(command, parameters = {}) {
    return processes[this.side].call(command, { host: this.host, ...parameters });
  }

  async connect(to) {
    const { peer } = await this.call('connect', { address: `${to.addresses[0]}/p2p/${to.peer}` });
    assert.equal(peer, to.peer);
  }

  toString() {
    return `${this.side} ${this.peer}`;
  }
}

async function startHosts(side, protocol) {
  const hosts = [];
  for (let i = 0; i < HOSTS; i++) hosts.push(await Host.start(side, protocol));
  return hosts;
}

/** Hosts that know nobody through the DHT: each has a protocol of its own. */
async function startWithoutDht(side) {
  const hosts = [];
  for (let i = 0; i < HOSTS; i++) hosts.push(await Host.start(side, `/interop/${randomUUID()}`));
  return hosts;
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const cidOf = (bytes) => CID.createV1(RAW, create(SHA2_256, sha256(bytes))).toString();

async function dhtCases(protocol) {
  const name = (text) => `${protocol}: ${text}`;
  const ours = await startHosts('ours', protocol);
  const js = await startHosts('js', protocol);
  const hosts = [...ours, ...js];

  // Each side knows the other through one link only: the rest is to be found.
  await check(name('connect'), async () => {
    for (const host of [ours[1], ours[2]]) await host.connect(ours[0]);
    for (const host of [js[1], js[2]]) await host.connect(js[0]);
    await js[0].connect(ours[0]);
    for (const host of hosts) {
      await until(`the routing table of ${host} has a peer`, async () => (await host.call('routingTable')).size > 0);
    }
  });

  for (const side of SIDES) {
    const askers = hosts.filter((host) => host.side === side);
    const targets = hosts.filter((host) => host.side === other(side));
    await check(name(`${side}: each finds each peer of the other side`), async () => {
      for (const asker of askers) {
        for (const target of targets) {
          // js names peers that it does not know the addresses of yet.
          const found = await until(`${asker} finds an address of ${target}`, async () => {
            const answer = await asker.call('findPeer', { peer: target.peer });
            return answer?.addresses.length > 0 && answer;
          });
          assert.deepEqual(found, { peer: target.peer, addresses: target.addresses }, `${asker} finds ${target}`);
        }
      }
    });
  }

  for (const side of SIDES) {
    await check(name(`${side}: finds the closest peers to a key`), async () => {
      const key = randomBytes(32);
      const asker = hosts.find((host) => host.side === side);
      const found = await asker.call('closest', { key: key.toString('hex') });
      assert.deepEqual(new Set(found.filter((peer) => peer !== asker.peer)),
        new Set(hosts.filter((host) => host !== asker).map(({ peer }) => peer)));
    });
  }

  for (const side of SIDES) {
    await check(name(`${side} provides, the other side finds the provider`), async () => {
      const cid = cidOf(randomBytes(32));
      const [provider] = hosts.filter((host) => host.side === side).slice(-1);
      await provider.call('provide', { cid });
      for (const asker of hosts.filter((host) => host.side === other(side))) {
        const found = await asker.call('findProviders', { cid });
        const its = found.filter(({ peer }) => peer === provider.peer);
        assert(its.some(({ addresses }) => addresses.includes(provider.addresses[0])),
          `${asker} finds ${provider}: ${JSON.stringify(found)}`);
      }
    });
  }

  for (const side of SIDES) {
    await check(name(`${side} stores a value, the other side reads it`), async () => {
      const key = `/interop/from-${side}-${randomBytes(8).toString('hex')}`;
      assert.equal(await hosts.find((host) => host.side === other(side)).call('get', { key }), null);
      await hosts.find((host) => host.side === side).call('put', { key, value: '7' });
      for (const asker of hosts.filter((host) => host.side === other(side))) {
        assert.equal(await asker.call('get', { key }), '7', `${asker} reads`);
      }
    });
  }

  for (const side of SIDES) {
    await check(name(`${side} stores a better value, both sides read that one`), async () => {
      const key = `/interop/better-from-${side}-${randomBytes(8).toString('hex')}`;
      await hosts.find((host) => host.side === other(side)).call('put', { key, value: '7' });
      await hosts.find((host) => host.side === side).call('put', { key, value: '8' });
      for (const asker of hosts) assert.equal(await asker.call('get', { key }), '8', `${asker} reads`);
    });

    await check(name(`${side} does not store what is not valid`), async () => {
      const key = `/interop/wrong-from-${side}-${randomBytes(8).toString('hex')}`;
      await hosts.find((host) => host.side === side).call('put', { key, value: 'no number' }).catch(() => {});
      for (const asker of hosts) assert.equal(await asker.call('get', { key }), null, `${asker} reads`);
    });
  }
}

async function gossipCases() {
  const topic = '/interop/gossip/1';
  let ours = await startWithoutDht('ours');
  let js = await startWithoutDht('js');

  /** Some messages can only pass through ours, some only through theirs. */
  const links = () => [[ours[1], ours[0]], [js[0], ours[0]], [js[1], ours[1]], [js[1], ours[2]], [js[2], ours[2]]];
  const neighbours = (host) => links().flatMap(([a, b]) => (a === host ? [b.peer] : b === host ? [a.peer] : []));

  const join = async (newcomers) => {
    for (const host of newcomers) await host.call('subscribe', { topic });
    for (const [from, to] of links()) await from.connect(to);
    for (const host of [...ours, ...js]) {
      await until(`the mesh of ${host} is complete`, async () => {
        const mesh = await host.call('mesh', { topic });
        return neighbours(host).every((peer) => mesh.includes(peer));
      });
    }
  };

  const everyMessageReachesAll = async (bytes) => {
    const hosts = [...ours, ...js];
    const sent = [];
    for (const host of hosts) {
      for (let i = 0; i < 2; i++) {
        const data = randomBytes(bytes);
        const { recipients } = await host.call('publish', { topic, data: data.toString('base64') });
        assert(recipients > 0, `${host} sent it to somebody`);
        sent.push({ topic, from: host.peer, bytes, digest: sha256(data).toString('hex') });
      }
    }
    for (const host of hosts) {
      const wanted = sent.filter(({ from }) => from !== host.peer);
      const got = await until(`${host} has all messages`, async () => {
        const received = (await host.call('received', { topic })).filter((message) =>
          wanted.some(({ digest }) => digest === message.digest));
        return received.length >= wanted.length && received;
      });
      const sorted = (messages) => messages.map((message) => JSON.stringify(Object.entries(message).sort())).sort();
      assert.deepEqual(sorted(got), sorted(wanted), `${host} got each once, from its author`);
    }
  };

  const cases = async (when) => {
    await check(`gossip, ${when}: small messages of each reach all`, () => everyMessageReachesAll(SMALL_BYTES));
    await check(`gossip, ${when}: large messages of each reach all`, () => everyMessageReachesAll(LARGE_BYTES));
  };

  await check('gossip: the mesh forms', () => join([...ours, ...js]));
  await cases('at first');

  await check('gossip: js restarts, the mesh forms again', async () => {
    await processes.js.stop();
    processes.js = startJs('js');
    js = await startWithoutDht('js');
    await join(js);
  });
  await cases('js restarted');

  await check('gossip: our peers restart, the mesh forms again', async () => {
    await processes.ours.stop();
    processes.ours = self ? startJs('ours') : Peer.ours('ours', process.argv.slice(2));
    ours = await startWithoutDht('ours');
    await join(ours);
  });
  await cases('ours restarted');
}

await suite.run(async () => {
  for (const protocol of DHT_PROTOCOLS) await dhtCases(protocol);
  await gossipCases();
});
