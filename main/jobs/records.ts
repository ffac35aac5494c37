// Reads a dataset version's records file: one `DatasetRecord` as JSON a line, split on the byte 0x0A only (field case
// A01: readline also splits at U+2028).
import { readFileSync } from 'node:fs';
import { DatasetRecord } from '../contract/datasets.ts';
import { AppError } from '../errors.ts';

export async function readRecords(file: string): Promise<DatasetRecord[]> {
  const bytes = readFileSync(file);
  const records: DatasetRecord[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    if (end > start) records.push(parse(bytes.toString('utf8', start, end), file, line));
    start = end + 1;
  }
  return records;
}

function parse(text: string, file: string, line: number): DatasetRecord {
  try {
    return DatasetRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      'records-damaged',
      `Line ${line} of ${file} is not a record.`,
      'Build the dataset version again.',
      { cause },
    );
  }
}
