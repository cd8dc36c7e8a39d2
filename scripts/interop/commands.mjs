/* One JSON command per line on stdin, one JSON answer per line on stdout. */
import { createInterface } from 'node:readline';

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Does what `commands` say by name; the process ends when stdin ends. */
export function obey(commands) {
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const { id, command, ...rest } = JSON.parse(line);
      Promise.resolve()
        .then(() => commands[command](rest))
        .then((result) => answer({ id, result }))
        .catch((error) => answer({ id, error: error.stack ?? String(error) }));
    })
    .on('close', () => process.exit(0));
}
