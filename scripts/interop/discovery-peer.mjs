/*
 * A js-libp2p peer with a DHT and a gossip router that does as it is told. DiscoveryPeer, in the
 * tests of the discovery module, takes the same commands and gives the same answers.
 */
import './polyfill.mjs';
import { createHash } from 'node:crypto';
import { gossipsub } from '@libp2p/gossipsub';
import { identify, identifyPush } from '@libp2p/identify';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { CID } from 'multiformats/cid';
import { obey } from './commands.mjs';

/** All peers of the cases share one address. */
const PEERS_PER_ADDRESS = 100;
/** The namespace of the records that the cases store: numbers in decimal, the largest wins. */
const NAMESPACE = 'interop';

const hosts = [];

function number(value) {
  const text = Buffer.from(value).toString();
  if (!/^\d{1,9}$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

function host(index) {
  return hosts[index];
}

const dht = (index) => host(index).node.services.dht;
const pubsub = (index) => host(index).node.services.pubsub;
const withoutPeer = (address) => address.toString().replace(/\/p2p\/.*$/, '');
const described = ({ id, multiaddrs }) => ({
  peer: id.toString(), addresses: [...new Set(multiaddrs.map(withoutPeer))],
});

async function events(query, name) {
  const all = [];
  for await (const event of query) if (event.name === name) all.push(event);
  return all;
}

/** What `search` answers, or null when there is none. */
async function found(search) {
  try {
    return await search();
  } catch (error) {
    if (error.name === 'NotFoundError') return null;
    throw error;
  }
}

obey({
  /** `protocol` is the DHT's. */
  async host({ key, protocol }) {
    const node = await createLibp2p({
      privateKey: await generateKeyPair(key),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
      connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
      services: {
        identify: identify(),
        identifyPush: identifyPush(),
        ping: ping(),
        dht: kadDHT({
          protocol,
          clientMode: false,
          initialQuerySelfInterval: 200,
          peerInfoMapper: passthroughMapper,
          validators: { [NAMESPACE]: (key, value) => { number(value); } },
          selectors: {
            [NAMESPACE]: (key, values) => {
              const numbers = values.map(number);
              return numbers.indexOf(Math.max(...numbers));
            },
          },
        }),
        pubsub: gossipsub({
          allowPublishToZeroTopicPeers: true,
          scoreParams: { IPColocationFactorThreshold: PEERS_PER_ADDRESS },
        }),
      },
    });
    const received = [];
    node.services.pubsub.addEventListener('message', ({ detail }) => received.push({
      topic: detail.topic,
      from: detail.from.toString(),
      bytes: detail.data.length,
      digest: createHash('sha256').update(detail.data).digest('hex'),
    }));
    hosts.push({ node, received });
    return {
      host: hosts.length - 1,
      peer: node.peerId.toString(),
      addresses: node.getMultiaddrs().map(withoutPeer),
    };
  },

  async connect({ host: index, address }) {
    const connection = await host(index).node.dial(multiaddr(address));
    return { peer: connection.remotePeer.toString() };
  },

  async routingTable({ host: index }) {
    return { size: dht(index).routingTable.size };
  },

  /** Its addresses, or null. */
  async findPeer({ host: index, peer }) {
    return found(async () => described(await host(index).node.peerRouting.findPeer(peerIdFromString(peer))));
  },

  /** The closest peers to a key, closest first. */
  async closest({ host: index, key }) {
    const closest = await events(dht(index).getClosestPeers(Buffer.from(key, 'hex')), 'FINAL_PEER');
    return closest.map(({ peer }) => peer.id.toString());
  },

  async provide({ host: index, cid }) {
    await events(dht(index).provide(CID.parse(cid)), '');
    return {};
  },

  async findProviders({ host: index, cid }) {
    const answers = await events(dht(index).findProviders(CID.parse(cid)), 'PROVIDER');
    return answers.flatMap(({ providers }) => providers.map(described));
  },

  async put({ host: index, key, value }) {
    await events(dht(index).put(Buffer.from(key), Buffer.from(value)), '');
    return {};
  },

  /** The best value, or null. */
  async get({ host: index, key }) {
    return found(async () => {
      const values = await events(dht(index).get(Buffer.from(key)), 'VALUE');
      return values.length > 0 ? Buffer.from(values.at(-1).value).toString() : null;
    });
  },

  async subscribe({ host: index, topic }) {
    pubsub(index).subscribe(topic);
    return {};
  },

  async publish({ host: index, topic, data }) {
    const { recipients } = await pubsub(index).publish(topic, Buffer.from(data, 'base64'));
    return { recipients: recipients.length };
  },

  async mesh({ host: index, topic }) {
    return pubsub(index).getMeshPeers(topic);
  },

  async received({ host: index, topic }) {
    return host(index).received.filter((message) => message.topic === topic);
  },
});
