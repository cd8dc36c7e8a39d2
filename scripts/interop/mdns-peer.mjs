/*
 * A js-libp2p peer on the local network that does as it is told. MdnsPeer, in the tests of the
 * discovery module, takes the same commands and gives the same answers.
 */
import './polyfill.mjs';
import { createHash } from 'node:crypto';
import { identify } from '@libp2p/identify';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { obey } from './commands.mjs';

const hosts = [];
const withoutPeer = (address) => address.toString().replace(/\/p2p\/.*$/, '');

/** The service of a network: libp2p's own for the default one, else with a fingerprint of the name. */
function serviceOf(network) {
  if (network === 'main') return '_p2p._udp.local';
  return `_p2p-${createHash('sha256').update(network).digest('hex').slice(0, 32)}._udp.local`;
}

obey({
  /** `network` is its name, `listen` an address. */
  async host({ network, listen }) {
    const found = {};
    const node = await createLibp2p({
      addresses: { listen: [listen] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      connectionManager: { inboundConnectionThreshold: 1000 },
      connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
      services: { identify: identify() },
      peerDiscovery: [mdns({ serviceTag: serviceOf(network) })],
    });
    node.addEventListener('peer:discovery', ({ detail }) => {
      found[detail.id.toString()] = detail.multiaddrs.map(withoutPeer);
    });
    hosts.push({ node, found });
    return {
      host: hosts.length - 1,
      peer: node.peerId.toString(),
      addresses: node.getMultiaddrs().map(withoutPeer),
    };
  },

  /** The addresses of each peer found. */
  async found({ host }) {
    return hosts[host].found;
  },

  async connections({ host }) {
    return hosts[host].node.getConnections().map((connection) => connection.remotePeer.toString());
  },

  async stop({ host }) {
    await hosts[host].node.stop();
    return {};
  },
});
