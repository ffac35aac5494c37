// Shapes of the JSON files in a metrics folder (test/reference/README.md); types only.
import type { BleuOptions } from '../../main/metrics/bleu.ts';
import type { BleuTokenizer } from '../../main/metrics/bleu-tokens.ts';

/** `nan` and `inf` are strings. */
export type Numeric = number | 'nan' | 'inf';

interface Overlap {
  precision: number;
  recall: number;
  f1: number;
}

export interface BleuEntry {
  tokenize: BleuTokenizer;
  smooth_method: BleuOptions['smoothing'];
  smooth_value: number | null;
  lowercase?: boolean;
  max_ngram_order?: number;
  effective_order?: boolean;
}

interface ChrfEntry {
  char_order: number;
  word_order: number;
  beta: number;
  lowercase: boolean;
  whitespace: boolean;
  eps_smoothing: boolean;
  /** Of the corpus. */
  score?: number;
  /** Of each sentence. */
  scores?: number[];
}

export interface BleuChrf {
  corpora: {
    corpus: string;
    hypotheses: string[];
    references: string[][];
    corpus_bleu: (BleuEntry & {
      score: number;
      precisions: number[];
      brevity_penalty: number;
      hypothesis_tokens: number;
      reference_tokens: number;
      matches: number[];
      candidates: number[];
    })[];
    sentence_bleu: (BleuEntry & { scores: number[] })[];
    chrf: ChrfEntry[];
    sentence_chrf: ChrfEntry[];
  }[];
}

export interface Rouge {
  pairs: {
    reference: string;
    prediction: string;
    plain: Record<string, Overlap>;
    stemmed: Record<string, Overlap>;
  }[];
  means: { plain: Record<string, Overlap>; stemmed: Record<string, Overlap> };
  porter_stems: { word: string; nltk_extensions: string; original_algorithm: string }[];
}

export interface QuestionAnswering {
  cases: { prediction: string; answers: string[]; normalized: string; exact_match: number; f1: number }[];
}

export interface LabelScores extends Overlap {
  label: number;
  support: number;
}

export interface Classification {
  cases: {
    name: string;
    truth: number[];
    prediction: number[];
    labels: number[];
    accuracy: number;
    balanced_accuracy: number;
    confusion_matrix: number[][];
    matthews: number;
    averages: Record<string, Overlap>;
    per_class: LabelScores[];
  }[];
}

export interface ProbabilityScores {
  log_loss: number;
  /** By number of bins. */
  ece_top_label: Record<string, number>;
}

export interface Scores {
  binary: (ProbabilityScores & {
    name: string;
    truth: number[];
    score: number[];
    roc_auc: number | null;
    average_precision: number;
    brier: number;
    roc_curve?: { fpr: Numeric[]; tpr: Numeric[]; thresholds: Numeric[] };
  })[];
  three_classes: ProbabilityScores & {
    truth: number[];
    probabilities: number[][];
    roc_auc_ovr_macro: number;
    roc_auc_ovo_macro: number;
    top_2_accuracy: number;
    brier_sum_over_classes: number;
  };
}

export interface LanguageModel {
  /** File beside this one. */
  logits: string;
  /** [rows, width, vocabulary] */
  shape: [number, number, number];
  rows: {
    labels: number[];
    tokens: number;
    nll_sum: number;
    mean_nll: number;
    perplexity: number;
    text_bytes: number;
    bits_per_byte: number;
    bits_per_token: number;
    token_hits: number;
  }[];
  corpus: {
    tokens: number;
    mean_nll: number;
    perplexity: number;
    bits_per_byte: number;
    token_accuracy: number;
    mean_of_row_perplexities: number;
  };
}

export type SafetensorsHeader = Record<string, { data_offsets: [number, number] }>;

interface TestResult {
  statistic?: number;
  p?: number;
  error?: string;
}

export interface PairedTests {
  mcnemar_exact: { only_a_right: number; only_b_right: number; p: number }[];
  wilcoxon: {
    a: number[];
    b: number[];
    zeros_dropped: number;
    ties_among_ranks: boolean;
    exact: TestResult;
    normal: TestResult;
    normal_corrected: TestResult;
    pratt: TestResult;
  }[];
  cohen_kappa: { a: number[]; b: number[]; None: Numeric; linear: Numeric; quadratic: Numeric }[];
}

export type FairnessGap =
  | 'demographic_parity_difference'
  | 'demographic_parity_ratio'
  | 'equal_opportunity_difference'
  | 'equalized_odds_difference'
  | 'accuracy_difference';

export interface FairnessCases {
  cases: ({
    truth: number[];
    decision: number[];
    group: string[];
    groups: Record<
      string,
      {
        n: number;
        selection_rate: number;
        tpr: number;
        fpr: number;
        positives: number;
        negatives: number;
        accuracy: number;
      }
    >;
  } & Record<FairnessGap, number | null>)[];
}
