// `npm run bench -- train`: benchmarks that print ratios taken in one run, ours and the reference alternating, medians.
// `--write` adds the result to RESULTS.md with date, machine and versions.
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runtimeVersion } from '../../main/training/session.ts';
import { benches } from './index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
  },
});
const chosen = benches.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
if (chosen.length === 0) {
  console.error(
    `No such benchmark. There are: ${benches.map(({ id, label }) => `${id} (${label})`).join(', ')}.`,
  );
  process.exit(2);
}
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, onnxruntime ${runtimeVersion}`;
console.log(`${machine}, ${values.threads} threads\n`);
for (const bench of chosen) {
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    console.log(line);
  };
  say(`## ${bench.label}`);
  await bench.run({ say, rounds: Number(values.rounds), threads: Number(values.threads) });
  console.log('');
  if (values.write) {
    const [heading, ...results] = lines;
    const date = new Date().toISOString().slice(0, 10);
    appendFileSync(
      join(import.meta.dirname, 'RESULTS.md'),
      `\n${heading}\n\n${results.map((line) => `- ${line}`).join('\n')}\n\n${date}: ${machine}.\n`,
    );
  }
}
