// Documents of the fake backend: read, failed, without rights, left out.
import type { Source } from '../../../main/contract/documents.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { now } from './settings.ts';
import type { FakeState } from './world.ts';

const coverage = (changes: Partial<NonNullable<Source['coverage']>> = {}): Source['coverage'] => ({
  encoding: null,
  encodingWhy: null,
  delimiter: null,
  pages: null,
  emptyPages: [],
  unreadableCharacters: 0,
  firstUnreadablePlace: null,
  keptShare: null,
  notes: [],
  ...changes,
});

const owned: Source['rights'] = { basis: 'own-work', who: 'M. Okafor', note: '', attestedAt: now - 864e5 };
const licensed: Source['rights'] = { ...owned, basis: 'licensed', note: 'Licence of the maker, 2024' };

function source(
  id: string,
  name: string,
  format: string,
  bytes: number,
  characters: number,
  changes: Partial<Source> = {},
): Source {
  return {
    id,
    projectId: 'p1',
    name,
    format,
    bytes,
    sha256: '9f2c41d8e1a07b5c3d6e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9007be07be',
    state: 'read',
    failure: null,
    characters,
    words: Math.round(characters / 6),
    rows: null,
    columns: [],
    language: 'en',
    coverage: coverage(),
    rights: owned,
    addedAt: now - 3600e3,
    ...changes,
  };
}

export const sources: Source[] = [
  source('s1', 'Commissioning handbook 2024.pdf', 'pdf', 18.6e6, 226_310, {
    coverage: coverage({ pages: 388, emptyPages: [17] }),
  }),
  source('s2', 'Fault codes AX series, rev. 7.pdf', 'pdf', 4.1e6, 182_440, {
    coverage: coverage({ pages: 96 }),
  }),
  source('s3', 'Wiring diagrams 1998 (scan).pdf', 'pdf', 31.2e6, 0, {
    state: 'failed',
    coverage: coverage({ pages: 14 }),
    failure: {
      code: 'pdf-no-text',
      message:
        'This PDF has 14 pages but no text. Its pages are scanned pictures, which Tunesmith cannot read.',
      remedy:
        'Make the text readable with a text recognition program, then replace the file, or leave it out.',
    },
  }),
  source('s4', 'Service tickets 2021 to 2024.csv', 'csv', 22.8e6, 3_104_882, {
    rows: 12_204,
    columns: ['message', 'answer', 'product'],
    coverage: coverage({
      encoding: 'windows-1252',
      encodingWhy: 'Bytes 0x80 to 0x9F spell curly quotes.',
      delimiter: ';',
    }),
    rights: { ...owned, basis: 'consent' },
  }),
  source('s5', 'Refrigerant handling R290.docx', 'docx', 1.2e6, 78_224, {
    rights: licensed,
    coverage: coverage({ notes: ['It contains 3 tracked changes; they were taken as accepted.'] }),
  }),
  source('s6', 'Installer questions, forum export.html', 'html', 6.4e6, 612_097, {
    rights: null,
    coverage: coverage({ keptShare: 0.71 }),
  }),
  source('s7', 'Heating curves explained.md', 'markdown', 3.3e6, 244_018, { rights: licensed }),
  source('s8', 'Bulletin 2023-11 compressor noise.txt', 'text', 14_000, 13_902),
  source('s9', 'Warranty terms, dealers.docx', 'docx', 0.4e6, 31_870, { rights: licensed }),
  source('s10', 'Old price list.txt', 'text', 52_000, 50_100, { state: 'left-out' }),
  source('s11', 'Training day, hydraulics.html', 'html', 9.9e6, 21_455, { language: 'de' }),
];

export function documentHandlers(state: FakeState): FakeHandlers {
  let list = state === 'empty' ? [] : sources;
  const match = {
    all: () => true,
    failed: (one: Source) => one.state === 'failed',
    'no-rights': (one: Source) => one.rights === null && one.state === 'read',
    'left-out': (one: Source) => one.state === 'left-out',
  };
  const change = (ids: string[], changes: (one: Source) => Partial<Source>) => {
    list = list.map((one) => (ids.includes(one.id) ? { ...one, ...changes(one) } : one));
    return list.filter((one) => ids.includes(one.id));
  };
  return {
    'documents.list': ({ filter = 'all', offset = 0, limit = 100 }) => {
      const found = list.filter(match[filter]);
      return {
        sources: found.slice(offset, offset + limit),
        total: found.length,
        counts: {
          all: list.length,
          read: list.filter((one) => one.state === 'read').length,
          failed: list.filter(match.failed).length,
          noRights: list.filter(match['no-rights']).length,
          leftOut: list.filter(match['left-out']).length,
          bytes: list.reduce((sum, one) => sum + one.bytes, 0),
          characters: list.reduce((sum, one) => sum + one.characters, 0),
          pages: list.reduce((sum, one) => sum + (one.coverage?.pages ?? 0), 0),
        },
      };
    },
    'documents.import': () => ({ jobId: 'j3' }),
    'documents.preview': ({ sourceId }) => ({
      total: 96,
      parts: [
        {
          place: 'page 31',
          start: 61_204,
          text: '4.6 E14: no outdoor unit\n\nThe controller has had no reply from the outdoor unit for 30 seconds.\n\n1. Switch off at the isolator. Wait 60 s.\n2. Check terminals S1 to S3 for tightness.\n3. Measure S2 to S3: 20 to 24 V DC.\n4. Replace fuse F2 (3.15 A, slow).\n\nIf the voltage is missing after a power cut, the surge fuse on the interface board has opened in most cases.',
        },
        ...(sourceId === 's4'
          ? [
              {
                place: 'row 2',
                start: 62_000,
                text: '',
                cells: { message: 'It hums.', answer: 'Check the fan.', product: 'AX 9' },
              },
            ]
          : []),
      ],
    }),
    'documents.reread': () => ({ jobId: 'j3' }),
    'documents.replace': () => ({ jobId: 'j3' }),
    'documents.setRights': ({ sourceIds, rights }) =>
      change(sourceIds, () => ({ rights: { note: '', ...rights, attestedAt: Date.now() } })),
    'documents.leaveOut': ({ sourceIds, leftOut }) =>
      change(sourceIds, (one) => ({ state: leftOut ? 'left-out' : one.failure ? 'failed' : 'read' })),
    'documents.remove': ({ sourceIds }) => {
      list = list.filter((one) => !sourceIds.includes(one.id));
      return {};
    },
    'documents.restore': ({ sourceIds }) => {
      list = [...list, ...sources.filter((one) => sourceIds.includes(one.id))];
      return [];
    },
  };
}
