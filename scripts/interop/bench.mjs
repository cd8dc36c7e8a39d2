/*
 * One-stream throughput over loopback, each pair in two processes: js to js, ours to ours, and each
 * to the other. Runs are interleaved, so that a slow moment of the machine meets all pairs. Prints
 * JSON lines: one per pair, then the ratios of the medians.
 *
 *   node bench.mjs JAVA_ARGUMENT... [-- [--bytes N] [--runs N]]
 */
import { parseArgs } from 'node:util';
import { Peer } from './peer.mjs';

const MIB = 1024 * 1024;
const WRITE_BYTES = 64 * 1024;
const RUN_MILLIS = 120_000;
const WARM_UP_RUNS = 5;

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
  return { from, to, sender, receiver, target: { host: ours.host, peer: theirs.peer }, mibPerSecond: [] };
}

async function transfer({ sender, target }) {
  const { seconds, acknowledged } = await sender.call(
    'send', { ...target, bytes, writeBytes: WRITE_BYTES, digest: false }, RUN_MILLIS);
  if (acknowledged !== bytes) throw new Error(`${acknowledged} of ${bytes} bytes arrived`);
  return bytes / MIB / seconds;
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
// Both kinds of peers compile what is hot while they run: not counted until they have.
for (let run = 0; run < WARM_UP_RUNS; run++) {
  for (const each of pairs) await transfer(each);
}
for (let run = 0; run < runs; run++) {
  for (const each of pairs) each.mibPerSecond.push(await transfer(each));
}
const medians = {};
for (const { from, to, mibPerSecond } of pairs) {
  medians[`${from} to ${to}`] = median(mibPerSecond);
  console.log(JSON.stringify({
    bench: 'one-stream', from, to, bytes, write_bytes: WRITE_BYTES, runs,
    median_mib_per_s: round(median(mibPerSecond)),
    min_mib_per_s: round(Math.min(...mibPerSecond)),
    max_mib_per_s: round(Math.max(...mibPerSecond)),
  }));
}
console.log(JSON.stringify({
  bench: 'one-stream-ratio',
  ours_to_js: round(medians['ours to ours'] / medians['js to js']),
}));
await Promise.all(pairs.flatMap(({ sender, receiver }) => [sender.stop(), receiver.stop()]));
