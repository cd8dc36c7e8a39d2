/*
 * A js-libp2p peer that does as it is told. InteropPeer, in the tests of the libp2p module, takes the
 * same commands and gives the same answers.
 */
import './polyfill.mjs';
import { createHash, randomFillSync } from 'node:crypto';
import { identify, identifyPush } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { obey } from './commands.mjs';

const ECHO = '/interop/echo/1.0.0';
const SINK = '/interop/sink/1.0.0';
const SOURCE = '/interop/source/1.0.0';
const HOLD = '/interop/hold/1.0.0';
const RESET = '/interop/reset/1.0.0';

const WRITE_BYTES = 64 * 1024;
const SINK_BYTES_PER_PAUSE = 1024 * 1024;
const MAX_STREAMS = { maxInboundStreams: 256, maxOutboundStreams: 256 };
/** A paused js stream resets itself beyond this; its default is below the window it grants. */
const MAX_READ_BUFFER = 17 * 1024 * 1024;

const hosts = [];
/** How the sink reads (bytesPerSecond 0: at once; stalled: not at all), and what it has read. */
const sink = { stalled: false, bytesPerSecond: 0, digest: false, consumed: 0, wake: () => {} };
const sending = { sent: 0 };
let resetsSeen = 0;

/**
 * Noise with or without the early muxer extension; without, it neither offers one nor looks at the
 * remote's. Notes in `earlyMuxers` with which peers a muxer was agreed on in the handshake.
 */
function noiseWith(earlyMuxer, earlyMuxers) {
  return (components) => {
    const encrypter = noise()(components);
    for (const method of ['secureOutbound', 'secureInbound']) {
      const original = encrypter[method].bind(encrypter);
      encrypter[method] = async (connection, options) => {
        const secured = await original(connection, { ...options, skipStreamMuxerNegotiation: !earlyMuxer });
        earlyMuxers.set(secured.remotePeer.toString(), secured.streamMuxer != null);
        return secured;
      };
    }
    return encrypter;
  };
}

/** Calls `onData` with what arrives; resolves at the remote's end of input, rejects on a reset. */
function read(stream, onData) {
  const reading = new Promise((resolve, reject) => {
    const check = () => {
      if (stream.status === 'reset' || stream.status === 'aborted') {
        reject(new Error('stream was reset'));
      } else if (stream.remoteWriteStatus === 'closed' && stream.readBufferLength === 0) {
        resolve();
      }
    };
    stream.addEventListener('message', (event) => { onData(event.data); check(); });
    for (const event of ['remoteCloseWrite', 'end', 'close']) stream.addEventListener(event, check);
    check();
  });
  reading.catch(() => {}); // it may fail before its owner comes to wait for it
  return reading;
}

/** Writes and waits until the stream takes more. */
async function write(stream, data) {
  if (!stream.send(data)) await drained(stream);
}

/** Stream.onDrain does this only the first time it is called. */
async function drained(stream) {
  while (stream.writableNeedsDrain) {
    await new Promise((resolve, reject) => {
      const finish = () => {
        stream.removeEventListener('drain', finish);
        stream.removeEventListener('close', finish);
        if (stream.status === 'open') resolve(); else reject(new Error('stream was reset'));
      };
      stream.addEventListener('drain', finish);
      stream.addEventListener('close', finish);
      if (stream.status !== 'open') finish();
    });
  }
}

/** Writes `count` random bytes, or zeros where nobody looks at them. */
async function writeBytes(stream, count, { hash, random = true, writeBytes = WRITE_BYTES, onWritten = () => {} } = {}) {
  const zeros = random ? null : new Uint8Array(writeBytes);
  for (let left = count; left > 0;) {
    const size = Math.min(left, writeBytes);
    const chunk = random ? randomFillSync(new Uint8Array(size)) : zeros.subarray(0, size);
    hash?.update(chunk);
    await write(stream, chunk);
    left -= size;
    onWritten(size);
  }
}

/**
 * Pauses reading once the current event is over: a pause within the event that resume() dispatches
 * would stop delivery, but window updates would go on.
 */
function pause(stream) {
  queueMicrotask(() => { if (stream.readStatus === 'readable') stream.pause(); });
}

/** Reads on, unless the stream has ended meanwhile. */
function resume(stream) {
  if (stream.status === 'open' && stream.readStatus === 'paused') stream.resume();
}

function update(hash, data) {
  for (const part of data instanceof Uint8Array ? [data] : data) hash.update(part);
}

function longToBytes(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

async function serveEcho(stream) {
  let writing = Promise.resolve();
  await read(stream, (data) => {
    if (!stream.send(data)) {
      pause(stream);
      writing = drained(stream).then(() => resume(stream));
      writing.catch(() => {}); // then reading fails too
    }
  });
  await writing;
  await stream.close();
}

/** Reads at the pace that `sink` says, then answers with the count. */
async function serveSink(stream) {
  const hash = sink.digest ? createHash('sha256') : null;
  let count = 0;
  let sincePause = 0;
  sink.wake = () => { if (!sink.stalled) resume(stream); };
  await read(stream, (data) => {
    count += data.byteLength;
    sink.consumed = count;
    if (hash != null) update(hash, data);
    if (sink.stalled) {
      pause(stream);
    } else if (sink.bytesPerSecond > 0 && (sincePause += data.byteLength) >= SINK_BYTES_PER_PAUSE) {
      pause(stream);
      setTimeout(() => resume(stream), sincePause * 1000 / sink.bytesPerSecond);
      sincePause = 0;
    }
  });
  sink.result = { bytes: count, digest: hash?.digest('hex') };
  await write(stream, longToBytes(count));
  await stream.close();
}

/** Reads a count until the end of input, answers with that many bytes and their digest. */
async function serveSource(stream) {
  const parts = [];
  await read(stream, (data) => parts.push(data.subarray()));
  const hash = createHash('sha256');
  await writeBytes(stream, Number(Buffer.concat(parts).readBigUInt64BE()), { hash });
  await write(stream, hash.digest());
  await stream.close();
}

/** Says one byte and stays open until the remote ends it. */
async function serveHold(stream) {
  stream.send(new Uint8Array(1));
  await read(stream, () => {}).catch(() => { resetsSeen++; });
}

async function serveReset(stream) {
  await read(stream, () => stream.abort(new Error('reset on purpose'))).catch(() => {});
}

function serve(handler) {
  return (stream) => {
    handler(stream).catch((error) => {
      console.error(`${stream.protocol}: ${error.message}`);
      stream.abort(error);
    });
  };
}

function host(index) {
  return hosts[index];
}

function connectionsTo(index, peer) {
  return host(index).node.getConnections(peerIdFromString(peer)).filter((c) => c.status === 'open');
}

function openStream({ host: index, peer }, protocol) {
  const [connection] = connectionsTo(index, peer);
  if (connection == null) throw new Error(`no connection to ${peer}`);
  return connection.newStream(protocol, MAX_STREAMS);
}

async function echoOnce(command) {
  const stream = await openStream(command, ECHO);
  const sent = createHash('sha256');
  const received = createHash('sha256');
  const reading = read(stream, (data) => update(received, data));
  await writeBytes(stream, command.bytes, { hash: sent });
  await stream.close();
  await reading;
  return { sent: sent.digest('hex'), received: received.digest('hex') };
}

const commands = {
  async host({ key, earlyMuxer }) {
    const earlyMuxers = new Map();
    const node = await createLibp2p({
      privateKey: await generateKeyPair(key),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noiseWith(earlyMuxer, earlyMuxers)],
      streamMuxers: [yamux({ streamOptions: { maxReadBufferLength: MAX_READ_BUFFER } })],
      connectionGater: { denyDialMultiaddr: () => false },
      connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
      // The usual 5 s are not enough on a machine that does much else, and js drops the connection.
      connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
      services: { identify: identify(), identifyPush: identifyPush(), ping: ping({ maxOutboundStreams: 4 }) },
    });
    const identified = new Map();
    node.addEventListener('peer:identify', ({ detail }) => identified.set(detail.connection.id, detail));
    for (const [protocol, handler] of [
      [ECHO, serveEcho], [SINK, serveSink], [SOURCE, serveSource], [HOLD, serveHold], [RESET, serveReset],
    ]) {
      await node.handle(protocol, serve(handler), MAX_STREAMS);
    }
    hosts.push({ node, identified, earlyMuxers });
    return {
      host: hosts.length - 1,
      peer: node.peerId.toString(),
      addresses: node.getMultiaddrs().map((a) => a.toString().replace(/\/p2p\/.*$/, '')),
    };
  },

  async connect({ host: index, address }) {
    const connection = await host(index).node.dial(multiaddr(address));
    return { peer: connection.remotePeer.toString() };
  },

  async connections({ host: index }) {
    return host(index).node.getConnections().filter((c) => c.status === 'open').map((c) => ({
      peer: c.remotePeer.toString(),
      remoteAddress: c.remoteAddr.toString().replace(/\/p2p\/.*$/, ''),
      initiator: c.direction === 'outbound',
      earlyMuxer: host(index).earlyMuxers.get(c.remotePeer.toString()),
      pinged: c.rtt != null,
    }));
  },

  /** What identify said, or null while it has said nothing. Protocols follow pushes. */
  async identified({ host: index, peer }) {
    const [connection] = connectionsTo(index, peer);
    const said = host(index).identified.get(connection?.id);
    if (said == null) return null;
    return {
      agent: said.agentVersion,
      protocolVersion: said.protocolVersion,
      addresses: said.listenAddrs.map(String),
      signedAddresses: said.signedPeerRecord?.addresses.map(String) ?? [],
      observed: said.observedAddr?.toString().replace(/\/p2p\/.*$/, ''),
      protocols: (await host(index).node.peerStore.get(connection.remotePeer)).protocols,
    };
  },

  async disconnect({ host: index, peer }) {
    await host(index).node.hangUp(peerIdFromString(peer));
    return {};
  },

  async handle({ host: index, protocol }) {
    await host(index).node.handle(protocol, serve(serveEcho));
    return {};
  },

  async ping({ host: index, peer }) {
    return { millis: await host(index).node.services.ping.ping(peerIdFromString(peer)) };
  },

  async echo(command) {
    return Promise.all(Array.from({ length: command.streams }, () => echoOnce(command)));
  },

  /** Sends to the remote's sink; `seconds` runs from the first write to the sink's answer. */
  async send(command) {
    sending.sent = 0;
    const stream = await openStream(command, SINK);
    const hash = command.digest ? createHash('sha256') : null;
    const answer = [];
    const reading = read(stream, (data) => answer.push(data.subarray()));
    const start = process.hrtime.bigint();
    await writeBytes(stream, command.bytes, {
      hash, random: command.digest, writeBytes: command.writeBytes, onWritten: (size) => { sending.sent += size; },
    });
    await stream.close();
    await reading;
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    return { seconds, acknowledged: Number(Buffer.concat(answer).readBigUInt64BE()), digest: hash?.digest('hex') };
  },

  /** Sets the pace; a stalled sink counts anew. */
  async sink({ stalled, bytesPerSecond, digest }) {
    Object.assign(sink, { stalled, bytesPerSecond, digest });
    if (stalled) Object.assign(sink, { consumed: 0, result: undefined });
    sink.wake();
    return {};
  },

  async report() {
    const { user, system } = process.cpuUsage();
    return {
      sent: sending.sent,
      consumed: sink.consumed,
      result: sink.result ?? null,
      resetsSeen,
      cpuSeconds: (user + system) / 1e6,
    };
  },

  /** Live bytes of this process, in the heap and outside of it. */
  async memory() {
    globalThis.gc();
    globalThis.gc(); // the first leaves freed array buffers to be counted until they are swept
    const { heapUsed, external } = process.memoryUsage();
    return { bytes: heapUsed + external };
  },

  /** Half-closes, then reads what the remote's source answers. */
  async fetch(command) {
    const stream = await openStream(command, SOURCE);
    const parts = [];
    const reading = read(stream, (data) => parts.push(data.subarray()));
    await write(stream, longToBytes(command.bytes));
    await stream.close();
    await reading;
    const all = Buffer.concat(parts);
    const digest = createHash('sha256').update(all.subarray(0, -32)).digest();
    return { bytes: all.length - 32, intact: digest.equals(all.subarray(-32)) };
  },

  /** Opens a stream, waits for the remote's byte, resets. */
  async reset(command) {
    const stream = await openStream(command, HOLD);
    await new Promise((resolve, reject) => {
      read(stream, resolve).catch(reject);
    });
    stream.abort(new Error('reset on purpose'));
    return {};
  },

  /** Sends to a remote that resets: answers whether the writer noticed. */
  async sendToReset(command) {
    const stream = await openStream(command, RESET);
    const reading = read(stream, () => {}).then(() => 'ended', () => 'reset');
    const writing = writeBytes(stream, command.bytes).then(() => 'written', () => 'failed');
    return { writer: await writing, reader: await reading };
  },

  /** Opens a stream with a protocol; answers whether the remote agreed. */
  async open(command) {
    try {
      const stream = await openStream(command, command.protocol);
      stream.abort(new Error('not needed'));
      return { opened: true };
    } catch (error) {
      return { opened: false, error: `${error.name}: ${error.message}` };
    }
  },
};

obey(commands);
