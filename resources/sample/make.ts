// Writes the sample project's documents into a folder: run with `node resources/sample/make.ts [FOLDER]`.
// The same bytes every time: dates are fixed and archives are packed in a fixed order.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { company, factKinds, type Product, products } from './company.ts';
import { makeMessages } from './messages.ts';
import { makeTickets } from './tickets.ts';
import { makeFaq } from './write-faq.ts';
import { makeHandbook } from './write-handbook.ts';
import { makeProductSheets } from './write-sheets.ts';

/** One line of a CSV file; cells are quoted only where they must be (RFC 4180). */
const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;

/** A CSV file with a header row. */
function csv<Row extends object>(columns: readonly (keyof Row & string)[], rows: readonly Row[]): string {
  return csvLine(columns) + rows.map((row) => csvLine(columns.map((column) => String(row[column])))).join('');
}

export interface FactQuestion {
  question: string;
  answer: string;
  /** What it is about, such as `Tulki Max 45: price`; all phrasings of a fact share it. */
  fact: string;
  /** 1 to 5; the fifth is held out. */
  phrasing: number;
  split: 'train' | 'test';
}

/** Every fact about every product, asked in five ways: 24 x 5 facts, 600 questions, 120 of them held out. */
export function makeFactQuestions(): FactQuestion[] {
  return products.flatMap((product: Product) =>
    factKinds.flatMap(({ id, questions }) =>
      questions.map(
        (question, i): FactQuestion => ({
          question: question.replace('{p}', product.name),
          answer: product[id],
          fact: `${product.name}: ${id}`,
          phrasing: i + 1,
          split: i === questions.length - 1 ? 'test' : 'train',
        }),
      ),
    ),
  );
}

/** Writes all six documents into `folder`, which is made if it is missing. */
export async function makeSample(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, content: string | Buffer): Promise<void> =>
    writeFile(join(folder, name), content);
  await write(
    'customer-messages.csv',
    csv(['message', 'category', 'product', 'customer', 'urgency', 'split'], makeMessages()),
  );
  await write('questions.csv', csv(['question', 'answer', 'fact', 'phrasing', 'split'], makeFactQuestions()));
  await write('ticket-log.csv', csv(['ticket', 'opened', 'product', 'city', 'note', 'state'], makeTickets()));
  await write('faq.html', makeFaq(company, products));
  await write('handbook.docx', await makeHandbook(company, products));
  await write('product-sheets.pdf', await makeProductSheets(company, products));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await makeSample(process.argv[2] ?? join(import.meta.dirname, 'documents'));
}
