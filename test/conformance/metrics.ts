// Conformance of metrics: each JSON file of a metrics folder against what main/metrics computes. One row for
// each case and quantity. The files state their definitions and options.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Check, Row } from './check.ts';
import type * as stored from './metrics-files.ts';
import * as numbers from './metrics-numbers.ts';
import * as texts from './metrics-text.ts';

/** Compares the file that `Stored` describes; yields rows whose case is the name inside the file. */
type Section = (file: unknown, folder: string) => Iterable<Row> | AsyncIterable<Row>;

const sections: Record<string, Section> = {
  'bleu_chrf.json': (file) => texts.overlapRows(file as stored.BleuChrf),
  'rouge.json': (file) => texts.rougeRows(file as stored.Rouge),
  'question_answering.json': (file) => texts.answerRows(file as stored.QuestionAnswering),
  'classification.json': (file) => numbers.classificationRows(file as stored.Classification),
  'scores.json': (file) => numbers.scoreRows(file as stored.Scores),
  'language_model.json': (file, folder) => numbers.languageModelRows(file as stored.LanguageModel, folder),
  'paired_tests.json': (file) => numbers.pairedRows(file as stored.PairedTests),
  'fairness.json': (file) => numbers.fairnessRows(file as stored.FairnessCases),
};

export const metricsCheck: Check = {
  id: 'metrics',
  onProcessorOnly: 'scores are computed from texts and numbers',
  matches: (_folder, files) => files.some((file) => Object.hasOwn(sections, file)),
  async *run(folder): AsyncIterable<Row> {
    for (const [name, section] of Object.entries(sections)) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      for await (const row of section(JSON.parse(text), folder)) {
        yield { ...row, case: `${basename(folder)} ${row.case}` };
      }
    }
  },
};
