/*
 * The official OpenAI client against this project's API, over loopback, with real models:
 *
 *   node openai-cases.mjs COMMAND ARGUMENT...   the command that runs infernet
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { Suite, until } from './suite.mjs';

const MODELS = join(dirname(fileURLToPath(import.meta.url)), '../../inference/src/test/resources/io/infernet/inference');
const golden = JSON.parse(readFileSync(join(MODELS, 'tiny-bert/golden.json'), 'utf8'));
const vectors = golden.last_hidden_mean_pooled_normalised;

const home = mkdtempSync(join(tmpdir(), 'infernet-openai-'));
for (const model of ['tiny-bert', 'tiny-bert-classifier']) cpSync(join(MODELS, model), join(home, 'models', model), { recursive: true });

const [command, ...args] = process.argv.slice(2);
const server = spawn(command, [...args, '--home', home, 'serve', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--api', '127.0.0.1:0'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
const log = [];
for (const stream of [server.stdout, server.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => { log.push(...text.split('\n').filter(Boolean)); });
}
const peer = {
  name: 'infernet',
  log,
  async stop() {
    server.kill('SIGTERM');
    const ended = () => server.exitCode !== null || server.signalCode !== null;
    await until('its end', ended, 30_000).catch(() => server.kill('SIGKILL'));
    rmSync(home, { recursive: true, force: true });
  },
};

function close(actual, expected) {
  assert.equal(actual.length, expected.length);
  actual.forEach((number, i) => assert(Math.abs(number - expected[i]) < 1e-4, `${number} at ${i}, not ${expected[i]}`));
}

const suite = new Suite({ peers: () => [peer], caseMillis: 60_000, totalMillis: 300_000 });

await suite.run(async () => {
  const base = await until('the API', () => {
    assert.equal(server.exitCode, null, 'infernet ended');
    return /http:\/\/127\.0\.0\.1:\d+/.exec(log.join('\n'))?.[0];
  }, 120_000);
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none', maxRetries: 0 });

  await suite.check('embeddings of texts are the reference vectors, as base64 on the wire', async () => {
    const answer = await client.embeddings.create({ model: 'tiny-bert', input: golden.texts });
    assert.equal(answer.object, 'list');
    answer.data.forEach((entry, i) => {
      assert.equal(entry.index, i);
      close(Array.from(entry.embedding), vectors[i]);
    });
    const tokens = golden.ids.reduce((sum, ids) => sum + ids.length, 0);
    assert.deepEqual(answer.usage, { prompt_tokens: tokens, total_tokens: tokens });
  });
  await suite.check('embeddings of one text and of token ids, as numbers', async () => {
    const text = await client.embeddings.create({ model: 'tiny-bert', input: golden.texts[0], encoding_format: 'float' });
    close(text.data[0].embedding, vectors[0]);
    const ids = await client.embeddings.create({ model: 'tiny-bert', input: [golden.ids[1]], encoding_format: 'float' });
    close(ids.data[0].embedding, vectors[1]);
  });
  await suite.check('errors are those that the client knows', async () => {
    await assert.rejects(client.embeddings.create({ model: 'nobody', input: 'x' }), NotFoundError);
    await assert.rejects(client.embeddings.create({ model: 'storyteller', input: 'x' }), BadRequestError);
    await assert.rejects(client.embeddings.create({ model: 'tiny-bert', input: 'x', dimensions: 7 }), BadRequestError);
    await assert.rejects(client.embeddings.create({ model: 'tiny-bert', input: 'a '.repeat(200) }), BadRequestError);
    await assert.rejects(client.chat.completions.create({ model: 'tiny-bert', messages: [{ role: 'user', content: 'x' }] }), BadRequestError);
  });
  await suite.check('models are listed with what they are for', async () => {
    const tasks = {};
    for await (const model of client.models.list()) tasks[model.id] = model.infernet.task;
    // There may be more: models of servers that run on this machine.
    const expected = { storyteller: 'generate', 'tiny-bert': 'embed', 'tiny-bert-classifier': 'classify' };
    for (const [model, task] of Object.entries(expected)) assert.equal(tasks[model], task, model);
  });
  await suite.check('a completion by the same client', async () => {
    const answer = await client.completions.create({ model: 'storyteller', prompt: 'Once upon a time', max_tokens: 8, temperature: 0 });
    assert.equal(answer.usage.completion_tokens, 8);
  });
});
