import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importDocuments } from '../../../main/jobs/import-documents.ts';
import type { JobContext, JobTypes, Progress } from '../../../main/jobs/job.ts';
import { makeDocx, makePdf, paragraph } from '../documents/packages.ts';

type SourceEvent = JobTypes['import-documents']['events']['source'];

let folder: string;
beforeEach(() => {
  // A folder with everything in its name that breaks careless path handling.
  folder = join(mkdtempSync(join(tmpdir(), 'import-')), "ø #1 %20 'x' 日本");
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

function makeContext(signal = new AbortController().signal) {
  const events: SourceEvent[] = [];
  const progress: Progress[] = [];
  const context: JobContext<'import-documents'> = {
    progress: (one) => progress.push(one),
    emit: (_name, payload) => events.push(payload),
    signal,
    unlessPaused: async () => {},
    answer: async () => {},
  };
  return { context, events, progress };
}

function inputOf(contents: Record<string, string | Uint8Array>): JobTypes['import-documents']['input'] {
  const files = Object.entries(contents).map(([name, content], at) => {
    const path = join(folder, `original-${at}`);
    writeFileSync(path, content);
    return { sourceId: `s${at}`, path, name, partsFile: join(folder, `${at}.parts`), options: {} };
  });
  return { files };
}

test('good files are read and bad ones refused, each with its own event', async () => {
  const { context, events, progress } = makeContext();
  const input = inputOf({
    'notes.txt': 'The tenant shall keep the garden in order and pay the rent every month.',
    'empty.txt': '',
    'locked.pdf': await makePdf((page) => page.text('secret'), { userPassword: 'x', pdfVersion: '1.7' }),
    'contract.docx': await makeDocx({ body: paragraph('Notice is 60 days.') }),
    'broken.docx': Buffer.from('PK\x03\x04 this is no zip', 'latin1'),
    'table.csv': 'id,text\n007,one\n008,two\n',
  });
  expect(await importDocuments.run(input, context)).toEqual({ read: 3, failed: 3 });
  const byId = Object.fromEntries(events.map((event) => [event.sourceId, event]));
  expect(byId.s0).toMatchObject({ ok: true, format: 'text', language: 'en', words: 14, rows: null });
  expect(byId.s1).toMatchObject({ ok: false, error: { code: 'file-empty' } });
  expect(byId.s2).toMatchObject({ ok: false, error: { code: 'pdf-encrypted' } });
  expect(byId.s3).toMatchObject({ ok: true, format: 'docx' });
  expect(byId.s4).toMatchObject({ ok: false, error: { code: 'docx-broken' } });
  expect(byId.s5).toMatchObject({ ok: true, rows: 2, columns: ['id', 'text'] });
  expect(JSON.parse(readFileSync(join(folder, '5.parts'), 'utf8').split('\n')[0])).toMatchObject({
    place: 'row 1',
    start: 0,
    cells: { id: '007', text: 'one' },
  });
  const written = readdirSync(folder).filter((name) => name.includes('parts'));
  expect(written.sort()).toEqual(['0.parts', '3.parts', '5.parts']);
  expect(progress[progress.length - 1]).toMatchObject({ progress: 1, position: '6 of 6 files' });
});

test('a password given for a file is used', async () => {
  const { context, events } = makeContext();
  const input = inputOf({
    'locked.pdf': await makePdf((page) => page.text('secret'), { userPassword: 'x', pdfVersion: '1.7' }),
  });
  input.files[0].options = { password: 'x' };
  expect(await importDocuments.run(input, context)).toEqual({ read: 1, failed: 0 });
  expect(events[0]).toMatchObject({ ok: true, coverage: { pages: 1 } });
});

test('stopping keeps what was read and tells nothing of the rest', async () => {
  const stop = new AbortController();
  const { context, events } = makeContext(stop.signal);
  const contents = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}.txt`, `Text ${at}.`]));
  const input = inputOf(contents);
  const emit = context.emit;
  context.emit = (name, payload) => {
    emit(name, payload);
    if (events.length === 3) stop.abort();
  };
  const result = await importDocuments.run(input, context);
  expect(result.read).toBeLessThan(20);
  expect(events).toHaveLength(result.read);
  expect(events.every((event) => event.ok)).toBe(true);
});
