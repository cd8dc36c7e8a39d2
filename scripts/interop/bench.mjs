/*
 * One-stream throughput over loopback, each pair in two processes: js to js, ours to ours, and each
 * to the other. Runs are interleaved, so that a slow moment of the machine meets all pairs. Prints
 * JSON lines: one per pair, with the processor time that each side took, which a busy machine
 * disturbs less than the throughput; then the ratios.
 *
 *   node bench.mjs JAVA_ARGUMENT... [-- [--bytes N] [--runs N]]
 */
import { parseArgs } from 'node:util';
import { Peer } from './peer.mjs';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const WRITE_BYTES = 64 * 1024;
/** Not counted: both virtual machines are still compiling. */
const WARM_UP_RUNS = 5;
const RUN_MILLIS = 120_000;

const split = process.argv.indexOf('--');
const javaArguments = process.argv.slice(2, split < 0 ? undefined : split);
const { values } = parseArgs({
  args: split < 0 ? [] : process.argv.slice(split + 1),
  options: { bytes: { type: 'string', default: String(256 * MIB) }, runs: { type: 'string', default: '5' } },
});
const bytes = Number(values.bytes);
const runs = Number(values.runs);
if (!(bytes > 0) || !(runs > 0)) {
  console.error('--bytes and --runs take a positive number');
  process.exit(2);
}

const start = { js: (name) => Peer.js(name), ours: (name) => Peer.ours(name, javaArguments) };

/** A sender and a receiver, connected. */
async function pair(from, to) {
  const sender = start[from](`${from} sender`);
  const receiver = start[to](`${to} receiver`);
  const options = { key: 'Ed25519', earlyMuxer: true };
  const [ours, theirs] = await Promise.all([sender.call('host', options), receiver.call('host', options)]);
  await receiver.call('sink', { stalled: false, bytesPerSecond: 0, digest: false });
  await sender.call('connect', { host: ours.host, address: `${theirs.addresses[0]}/p2p/${theirs.peer}` });
  return { from, to, sender, receiver, target: { host: ours.host, peer: theirs.peer }, transfers: [] };
}

async function transfer({ sender, receiver, target }) {
  const cpu = await Promise.all([sender, receiver].map(cpuSeconds));
  const { seconds, acknowledged } = await sender.call(
    'send', { ...target, bytes, writeBytes: WRITE_BYTES, digest: false }, RUN_MILLIS);
  if (acknowledged !== bytes) throw new Error(`${acknowledged} of ${bytes} bytes arrived`);
  return {
    mibPerSecond: bytes / MIB / seconds,
    senderCpu: (await cpuSeconds(sender) - cpu[0]) / (bytes / GIB),
    receiverCpu: (await cpuSeconds(receiver) - cpu[1]) / (bytes / GIB),
  };
}

async function cpuSeconds(peer) {
  return (await peer.call('report')).cpuSeconds;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const round = (number) => Math.round(number * 100) / 100;

const pairs = [];
for (const [from, to] of [['js', 'js'], ['ours', 'ours'], ['js', 'ours'], ['ours', 'js']]) {
  pairs.push(await pair(from, to));
}
for (let run = 0; run < WARM_UP_RUNS; run++) {
  for (const each of pairs) await transfer(each);
}
for (let run = 0; run < runs; run++) {
  for (const each of pairs) each.transfers.push(await transfer(each));
}
const results = {};
for (const { from, to, transfers } of pairs) {
  const mibPerSecond = transfers.map((each) => each.mibPerSecond);
  const result = {
    bench: 'one-stream', from, to, bytes, write_bytes: WRITE_BYTES, runs,
    median_mib_per_s: round(median(mibPerSecond)),
    min_mib_per_s: round(Math.min(...mibPerSecond)),
    max_mib_per_s: round(Math.max(...mibPerSecond)),
    sender_cpu_s_per_gib: round(median(transfers.map((each) => each.senderCpu))),
    receiver_cpu_s_per_gib: round(median(transfers.map((each) => each.receiverCpu))),
  };
  results[`${from} to ${to}`] = result;
  console.log(JSON.stringify(result));
}
const [ours, js] = [results['ours to ours'], results['js to js']];
console.log(JSON.stringify({
  bench: 'one-stream-ratio',
  throughput_ours_to_js: round(ours.median_mib_per_s / js.median_mib_per_s),
  sender_cpu_js_to_ours: round(js.sender_cpu_s_per_gib / ours.sender_cpu_s_per_gib),
  receiver_cpu_js_to_ours: round(js.receiver_cpu_s_per_gib / ours.receiver_cpu_s_per_gib),
}));
await Promise.all(pairs.flatMap(({ sender, receiver }) => [sender.stop(), receiver.stop()]));
