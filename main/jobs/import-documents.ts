// Reads files into parts, each in a worker thread under limits of time and memory, and tells the backend
// about every file as soon as it is done. Does not know the database; passwords pass through and are not
// kept.
import { availableParallelism } from 'node:os';
import { loadLanguageDetector } from '../documents/language.ts';
import { plural } from '../documents/limits.ts';
import { createReaderPool, type ReaderPool } from '../documents/pool.ts';
import { log } from '../log.ts';
import type { JobContext, JobRunner, JobTypes } from './job.ts';

type File = JobTypes['import-documents']['input']['files'][number];
type SourceEvent = JobTypes['import-documents']['events']['source'];

/** More threads would mostly wait for the disk, and each may take 2 GB. */
const mostThreads = 3;
/** While one file takes long, the backend still hears from the job. */
const heartbeatMs = 5_000;

export const importDocuments: JobRunner<'import-documents'> = {
  kind: 'import-documents',
  async run({ files }, context) {
    const threads = Math.max(1, Math.min(mostThreads, availableParallelism() - 1, files.length));
    const pool = createReaderPool(threads);
    const tally = createTally(files.length, context);
    const stop = () => void pool.close();
    context.signal.addEventListener('abort', stop);
    const heartbeat = setInterval(() => tally.tell(), heartbeatMs);
    try {
      const waiting = [...files];
      const readNext = async (): Promise<void> => {
        for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
          await context.unlessPaused();
          if (context.signal.aborted) return;
          tally.begin(file);
          const event = await readOne(pool, file);
          // A file that was being read when the job was stopped is not done.
          if (!event.ok && event.error.code === 'stopped') return;
          context.emit('source', event);
          tally.finish(file, event);
        }
      };
      await Promise.all(Array.from({ length: threads }, readNext));
      return { read: tally.read, failed: tally.failed };
    } finally {
      clearInterval(heartbeat);
      context.signal.removeEventListener('abort', stop);
      await pool.close();
    }
  },
};

async function readOne(pool: ReaderPool, file: File): Promise<SourceEvent> {
  const { sourceId, name, path, partsFile, options } = file;
  const answer = await pool.read({ path, name, partsFile, options });
  if (!answer.ok) {
    log('info', 'import.failed', { name, code: answer.error.code });
    return { sourceId, ok: false, format: null, error: answer.error };
  }
  const { sample, ...summary } = answer.summary;
  return { sourceId, ok: true, ...summary, language: await languageOf(sample) };
}

let detector: Promise<(text: string) => string | null> | undefined;

async function languageOf(sample: string): Promise<string | null> {
  detector ??= loadLanguageDetector();
  return (await detector)(sample);
}

function createTally(total: number, context: JobContext<'import-documents'>) {
  const startedAt = performance.now();
  const reading = new Set<string>();
  return {
    read: 0,
    failed: 0,
    begin(file: File) {
      reading.add(file.name);
      this.tell();
    },
    finish(file: File, event: SourceEvent) {
      reading.delete(file.name);
      if (event.ok) this.read++;
      else this.failed++;
      this.tell();
    },
    tell() {
      const done = this.read + this.failed;
      const seconds = (performance.now() - startedAt) / 1000;
      const [current] = reading;
      const now = current === undefined ? '' : `, reading "${current}"`;
      context.progress({
        progress: total === 0 ? 1 : done / total,
        position: `${done} of ${plural(total, 'file')}${now}`,
        rate: done === 0 ? '' : `${(done / seconds).toFixed(1)} files/s`,
        secondsLeft: done === 0 ? null : (seconds / done) * (total - done),
      });
    },
  };
}
