// Conformance of the metrics that compare texts: BLEU, chrF, ROUGE with its stemmer, SQuAD's exact match and
// F1.
import { type BleuOptions, bleuCounts, bleuOf } from '../../main/metrics/bleu.ts';
import { bleuTokenizers } from '../../main/metrics/bleu-tokens.ts';
import { chrfCounts, chrfOf } from '../../main/metrics/chrf.ts';
import { exactMatch, squadWords } from '../../main/metrics/exact-match.ts';
import { f1 } from '../../main/metrics/f1.ts';
import { porterStem } from '../../main/metrics/porter.ts';
import { type RougeKind, rouge } from '../../main/metrics/rouge.ts';
import { type Row, skipped } from './check.ts';
import type * as stored from './metrics-files.ts';
import { equal, mean, parts, row } from './metrics-rows.ts';

export function* overlapRows({ corpora }: stored.BleuChrf): Iterable<Row> {
  for (const { corpus, hypotheses, references, ...expected } of corpora) {
    const pairs = hypotheses.map((output, i) => ({ output, references: references[i] }));
    for (const entry of expected.corpus_bleu) {
      const kind = `${entry.tokenize} ${entry.smooth_method}${entry.lowercase ? ' lower case' : ''}`;
      const quantity = `BLEU ${kind} order ${entry.max_ngram_order}`;
      if (!Object.hasOwn(bleuTokenizers, entry.tokenize)) {
        yield skipped(corpus, quantity, `tokenization ${entry.tokenize} is not supported`);
        continue;
      }
      const options = bleuOptions(entry);
      const score = bleuOf(
        pairs.map((pair) => bleuCounts(pair, options)),
        options,
      );
      yield row(
        corpus,
        quantity,
        [
          score.score,
          ...score.precisions,
          score.brevityPenalty,
          score.outputTokens,
          score.referenceTokens,
        ].concat(score.matches, score.candidates),
        [entry.score, ...entry.precisions, entry.brevity_penalty, entry.hypothesis_tokens].concat(
          entry.reference_tokens,
          entry.matches,
          entry.candidates,
        ),
      );
    }
    for (const entry of expected.sentence_bleu) {
      const options = bleuOptions(entry);
      const scores = pairs.map((pair) => bleuOf([bleuCounts(pair, options)], options).score);
      const order = entry.effective_order ? ' effective order' : '';
      yield row(
        corpus,
        `sentence BLEU ${entry.tokenize} ${entry.smooth_method}${order}`,
        scores,
        entry.scores,
      );
    }
    for (const entry of [...expected.chrf, ...expected.sentence_chrf]) {
      const options = {
        charOrder: entry.char_order,
        wordOrder: entry.word_order,
        beta: entry.beta,
        lowercase: entry.lowercase,
        whitespace: entry.whitespace,
        epsSmoothing: entry.eps_smoothing,
      };
      const counts = pairs.map((pair) => chrfCounts(pair, options));
      const flags = [
        entry.lowercase && 'lower case',
        entry.whitespace && 'spaces',
        entry.eps_smoothing && 'eps',
      ];
      const quantity = [
        'chrF',
        `words ${entry.word_order}`,
        `beta ${entry.beta}`,
        ...flags.filter(Boolean),
      ].join(' ');
      if (entry.scores === undefined) yield row(corpus, quantity, [chrfOf(counts, options)], [entry.score!]);
      else
        yield row(
          corpus,
          `sentence ${quantity}`,
          counts.map((count) => chrfOf([count], options)),
          entry.scores,
        );
    }
  }
}

function bleuOptions(entry: stored.BleuEntry): BleuOptions {
  return {
    tokenize: entry.tokenize,
    lowercase: entry.lowercase ?? false,
    maxOrder: entry.max_ngram_order ?? 4,
    smoothing: entry.smooth_method,
    smoothingValue: entry.smooth_value ?? undefined,
    effectiveOrder: entry.effective_order ?? false,
  };
}

export function* rougeRows({ pairs, means, porter_stems: stems }: stored.Rouge): Iterable<Row> {
  for (const mode of ['plain', 'stemmed'] as const) {
    for (const kind of Object.keys(means[mode]) as RougeKind[]) {
      const scores = pairs.map(({ reference, prediction }) =>
        rouge(kind, reference, prediction, mode === 'stemmed'),
      );
      const expected = pairs.flatMap((pair) => parts(pair[mode][kind]));
      yield row('rouge', `${kind} ${mode}`, scores.flatMap(parts), expected);
      const average = [0, 1, 2].map((part) => mean(scores.map((score) => parts(score)[part])));
      yield row('rouge', `${kind} ${mode} mean`, average, parts(means[mode][kind]));
    }
  }
  const words = stems.map(({ word }) => word);
  yield equal(
    'rouge',
    'Porter stems',
    words.map((word) => porterStem(word)),
    stems.map((stem) => stem.nltk_extensions),
  );
  yield equal(
    'rouge',
    'Porter stems, original algorithm',
    words.map((word) => porterStem(word, 'original')),
    stems.map((stem) => stem.original_algorithm),
  );
}

export function* answerRows({ cases }: stored.QuestionAnswering): Iterable<Row> {
  const name = 'question_answering';
  const pairs = cases.map(({ prediction, answers }) => ({ output: prediction, references: answers }));
  const normalized = cases.map(({ prediction }) => squadWords(prediction).join(' '));
  yield equal(
    name,
    'normalized text',
    normalized,
    cases.map((entry) => entry.normalized),
  );
  yield row(
    name,
    'exact match',
    pairs.map((pair) => exactMatch.scoreRecord(pair)!),
    cases.map((c) => c.exact_match),
  );
  yield row(
    name,
    'F1',
    pairs.map((pair) => f1.scoreRecord(pair)!),
    cases.map((c) => c.f1),
  );
}
