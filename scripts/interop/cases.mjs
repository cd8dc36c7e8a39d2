/*
 * The interop cases: this project's libp2p against js-libp2p, each in its own process, over loopback.
 *
 *   node cases.mjs JAVA_ARGUMENT...   arguments that make java run InteropPeer
 *   node cases.mjs --self             js against js: checks the cases themselves
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Peer } from './peer.mjs';
import { Suite, until } from './suite.mjs';

const MIB = 1024 * 1024;

const OUR_KEYS = ['secp256k1', 'Ed25519'];
/** This project accepts RSA peers but generates no such key; js has no ECDSA peers at all. */
const JS_KEYS = ['secp256k1', 'Ed25519', 'RSA'];
const DIALERS = ['ours', 'js'];

const ECHO_STREAMS = 100;
const ECHO_BYTES = MIB;
const SLOW_BYTES = 64 * MIB;
const SLOW_BYTES_PER_SECOND = 64 * MIB;
/** The largest window that either side grants a stream (js and, by default, this project). */
const MAX_WINDOW_BYTES = 16 * MIB;
/** Beyond the window: what the sender has handed over but not yet sent. */
const MAX_UNSENT_BYTES = MIB;
/** By how much a process may grow while a slow reader holds 64 MiB back; js keeps a window twice. */
const MAX_GROWTH_BYTES = { ours: 32 * MIB, js: 40 * MIB };
const SOURCE_BYTES = MIB;
const SIMULTANEOUS_ROUNDS = 10;
/** js drops a connection on which more than 10 streams open before it is ready itself. */
const SIMULTANEOUS_STREAMS = 4;
const SIMULTANEOUS_BYTES = 64 * 1024;
/** js pings a connection each 10 s and aborts it when no answer comes. */
const KEEPALIVE_MILLIS = 12_000;

const SAMPLE_MILLIS = 150;
const CASE_MILLIS = 40_000;
const TOTAL_MILLIS = 170_000;

const self = process.argv[2] === '--self';
const peers = {
  js: Peer.js('js'),
  ours: self ? Peer.js('ours') : Peer.ours('ours', process.argv.slice(2)),
};
const other = (side) => (side === 'js' ? 'ours' : 'js');

const suite = new Suite({
  peers: () => Object.values(peers), caseMillis: CASE_MILLIS, totalMillis: TOTAL_MILLIS,
});
const check = (name, body) => suite.check(name, body);

/** A connection between a host of each side; `at(side)` addresses the other one's peer. */
class Link {
  constructor(ours, js, mode, dialer) {
    Object.assign(this, { hosts: { ours, js }, mode, dialer });
  }

  at(side) {
    return { host: this.hosts[side].host, peer: this.hosts[other(side)].peer };
  }

  call(side, command, parameters = {}) {
    return peers[side].call(command, { ...this.at(side), ...parameters });
  }

  async connections(side) {
    const { host, peer } = this.at(side);
    return (await peers[side].call('connections', { host })).filter((c) => c.peer === peer);
  }

  async dial(from) {
    const target = this.hosts[other(from)];
    const { peer } = await this.call(from, 'connect', { address: `${target.addresses[0]}/p2p/${target.peer}` });
    assert.equal(peer, target.peer, 'the dialled peer is the one that answered');
  }

  async open() {
    await this.dial(this.dialer);
    await until('the accepting side sees the connection', async () =>
      (await this.connections(other(this.dialer))).length === 1);
  }

  async close() {
    await this.call(this.dialer, 'disconnect');
    await this.closed('ours');
    await this.closed('js');
  }

  async closed(side) {
    await until(`${side} sees the connection end`, async () => (await this.connections(side)).length === 0);
  }

  /** The connection is the only one, still works and has not been replaced. */
  async assertAlive() {
    for (const side of ['ours', 'js']) {
      assert.equal((await this.connections(side)).length, 1, `${side} has one connection`);
      await this.call(side, 'ping');
    }
  }
}

async function identifiesAndPings(link) {
  await link.open();
  for (const side of ['ours', 'js']) {
    const said = await until(`${side} identifies the other`, () => link.call(side, 'identified'));
    const subject = link.hosts[other(side)];
    assert.match(said.agent, side === 'ours' || self ? /libp2p/ : /infernet/i);
    assert.deepEqual([...said.addresses].sort(), [...subject.addresses].sort(), 'listen addresses');
    assert.deepEqual([...said.signedAddresses].sort(), [...subject.addresses].sort(), 'signed addresses');
    for (const protocol of ['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/ping/1.0.0', '/interop/echo/1.0.0']) {
      assert(said.protocols.includes(protocol), `${protocol} in ${said.protocols}`);
    }
    const [seen] = await link.connections(other(side));
    assert.equal(said.observed, seen.remoteAddress, 'observed address');
    assert.equal(seen.initiator, link.dialer === other(side), 'who dialled');
  }
  const [connection] = await link.connections('js');
  assert.equal(connection.earlyMuxer, link.mode.ours && link.mode.js, 'muxer agreed on in the handshake');
  await link.call('ours', 'ping');
  await link.call('js', 'ping');
  await link.close();
}

async function echoes(link, opener) {
  const streams = await link.call(opener, 'echo', { streams: ECHO_STREAMS, bytes: ECHO_BYTES });
  assert.equal(streams.length, ECHO_STREAMS);
  for (const { sent, received } of streams) assert.equal(received, sent);
  assert.equal(new Set(streams.map(({ sent }) => sent)).size, ECHO_STREAMS, 'each stream carried its own bytes');
}

/** Both sides dial each other and open streams at once: none of them is lost. */
async function dialsAtOnce(link) {
  for (let round = 0; round < SIMULTANEOUS_ROUNDS; round++) {
    const sides = ['ours', 'js'];
    const echoed = await Promise.all(sides.map(async (side) => {
      await link.dial(side);
      return link.call(side, 'echo', { streams: SIMULTANEOUS_STREAMS, bytes: SIMULTANEOUS_BYTES });
    }));
    for (const { sent, received } of echoed.flat()) assert.equal(received, sent);
    for (const side of sides) await link.call(side, 'ping');
    for (const side of sides) await link.call(side, 'disconnect');
    for (const side of sides) await link.closed(side);
  }
}

/** 64 MiB to a reader that stops at once, then reads slowly: the sender waits, nobody's memory grows. */
async function holdsBack(link, reader) {
  const sender = other(reader);
  const before = { [reader]: await liveBytes(reader), [sender]: await liveBytes(sender) };
  const assertBounded = async (when) => {
    const { sent } = await peers[sender].call('report');
    const { consumed } = await peers[reader].call('report');
    assert(sent - consumed <= MAX_WINDOW_BYTES + MAX_UNSENT_BYTES,
      `${when}: ${sent} bytes sent, ${consumed} read`);
    for (const side of [reader, sender]) {
      const growth = (await liveBytes(side)) - before[side];
      assert(growth <= MAX_GROWTH_BYTES[self ? 'js' : side], `${when}: ${side} grew by ${growth} bytes`);
    }
    return sent;
  };

  await peers[reader].call('sink', { stalled: true, bytesPerSecond: 0, digest: true });
  let done = false;
  const sending = link.call(sender, 'send', { bytes: SLOW_BYTES, digest: true }).finally(() => { done = true; });
  sending.catch(() => {});
  await until('the sender stops', async () => {
    const { sent } = await peers[sender].call('report');
    await sleep(SAMPLE_MILLIS);
    return sent > 0 && (await peers[sender].call('report')).sent === sent;
  });
  await assertBounded('stalled');
  assert(!done, 'the sender waits for the reader');
  await link.assertAlive();

  await peers[reader].call('sink', { stalled: false, bytesPerSecond: SLOW_BYTES_PER_SECOND, digest: true });
  while (!done) {
    await assertBounded('reading slowly');
    await sleep(SAMPLE_MILLIS);
  }
  const { acknowledged, digest } = await sending;
  const { result } = await peers[reader].call('report');
  assert.equal(acknowledged, SLOW_BYTES);
  assert.deepEqual(result, { bytes: SLOW_BYTES, digest });
}

async function liveBytes(side) {
  return (await peers[side].call('memory')).bytes;
}

async function halfCloses(link) {
  for (const side of ['ours', 'js']) {
    assert.deepEqual(await link.call(side, 'fetch', { bytes: SOURCE_BYTES }), { bytes: SOURCE_BYTES, intact: true });
  }
}

async function resets(link) {
  for (const opener of ['ours', 'js']) {
    const before = (await peers[other(opener)].call('report')).resetsSeen;
    await link.call(opener, 'reset');
    await until('the remote sees the reset', async () =>
      (await peers[other(opener)].call('report')).resetsSeen === before + 1);
    assert.deepEqual(await link.call(opener, 'sendToReset', { bytes: SLOW_BYTES }), { writer: 'failed', reader: 'reset' });
  }
  await link.assertAlive();
}

async function refusesUnknownProtocols(link) {
  for (const opener of ['ours', 'js']) {
    const answer = await link.call(opener, 'open', { protocol: '/interop/unknown/1.0.0' });
    assert.equal(answer.opened, false);
  }
  await link.assertAlive();
}

/** A protocol that one side adds while connected reaches the other by identify/push. */
async function pushesIdentify(link) {
  for (const side of ['ours', 'js']) {
    const protocol = `/interop/added-by-${side}/1.0.0`;
    await link.call(side, 'handle', { protocol });
    await until(`${other(side)} hears of ${protocol}`, async () =>
      (await link.call(other(side), 'identified'))?.protocols.includes(protocol));
  }
}

async function run() {
  const early = (ours, js) => ({ ours, js, name: `early muxer ${ours ? (js ? 'both' : 'ours only') : js ? 'js only' : 'neither'}` });
  const hosts = { ours: {}, js: {} };
  const host = async (side, key, earlyMuxer) =>
    (hosts[side][`${key} ${earlyMuxer}`] ??= await peers[side].call('host', { key, earlyMuxer }));
  const link = async (ourKey, jsKey, mode, dialer) =>
    new Link(await host('ours', ourKey, mode.ours), await host('js', jsKey, mode.js), mode, dialer);
  const title = (ourKey, jsKey, mode, dialer) =>
    `${dialer === 'js' ? 'js dials us' : 'we dial js'}, ${ourKey} to ${jsKey} (js), ${mode.name}`;

  // Lives beside everything else, on hosts of its own.
  const kept = await Promise.all(DIALERS.map(async (dialer) => new Link(
    await peers.ours.call('host', { key: 'secp256k1', earlyMuxer: true }),
    await peers.js.call('host', { key: 'Ed25519', earlyMuxer: true }),
    early(true, true),
    dialer)));
  const keptSince = performance.now();
  for (const each of kept) {
    await check(`connection to be kept: ${each.dialer} dials`, () => each.open());
  }

  for (const mode of [early(true, true), early(true, false), early(false, true), early(false, false)]) {
    for (const ourKey of OUR_KEYS) {
      for (const jsKey of JS_KEYS) {
        for (const dialer of DIALERS) {
          await check(`${title(ourKey, jsKey, mode, dialer)}: identify, ping`, async () =>
            identifiesAndPings(await link(ourKey, jsKey, mode, dialer)));
        }
      }
    }
  }

  for (const mode of [early(true, true), early(false, false)]) {
    for (const key of OUR_KEYS) {
      for (const dialer of DIALERS) {
        const name = title(key, key, mode, dialer);
        const connected = await link(key, key, mode, dialer);
        await check(`${name}: connect`, () => connected.open());
        for (const opener of DIALERS) {
          await check(`${name}: ${ECHO_STREAMS} streams echo ${ECHO_BYTES / MIB} MiB each, opened by ${opener}`, () =>
            echoes(connected, opener));
        }
        for (const reader of DIALERS) {
          await check(`${name}: ${SLOW_BYTES / MIB} MiB through one stream, slow reader is ${reader}`, () =>
            holdsBack(connected, reader));
        }
        await check(`${name}: half-close`, () => halfCloses(connected));
        await check(`${name}: reset`, () => resets(connected));
        await check(`${name}: unknown protocol refused`, () => refusesUnknownProtocols(connected));
        await check(`${name}: disconnect`, () => connected.close());
      }
    }
  }

  await check(`both dial at once, ${SIMULTANEOUS_ROUNDS} times`, async () =>
    dialsAtOnce(await link('secp256k1', 'Ed25519', early(true, true), 'ours')));
  for (const each of kept) {
    await check(`identify push: ${each.dialer} dialled`, () => pushesIdentify(each));
  }
  await sleep(Math.max(0, KEEPALIVE_MILLIS - (performance.now() - keptSince)));
  for (const each of kept) {
    await check(`connection kept beyond js's ping interval: ${each.dialer} dialled`, async () => {
      assert.equal((await each.connections('js'))[0]?.pinged, true, 'js pinged');
      await each.assertAlive();
      await each.close();
    });
  }
}

await suite.run(run);
