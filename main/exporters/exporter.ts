// What an export format is. One file per format, registered in index.ts. Knows no format by name and
// nothing of jobs.
import type { z } from 'zod';
import type { TunedModel } from '../inference/weights.ts';
import type { Model } from '../models/load.ts';

/** What a format gets to write. */
export interface ExportSource {
  base: Model;
  /** The live model: the base with an adapter on it, or full weights. */
  tuned: TunedModel;
  /** Everything known about where the model comes from, for the model card. */
  lineage: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
  /** Share of the writing that is done, 0 to 1. */
  onProgress(share: number): void;
}

export interface Exporter<Options = Record<string, unknown>> {
  id: string;
  label: string;
  /** One sentence for the export screen. */
  description: string;
  /** The form is built from it; every field has a default. */
  Options: z.ZodType<Options>;
  /** Why this model cannot be written so; null when it can. */
  refuses(tuned: TunedModel): { message: string; remedy: string } | null;
  /** Bytes that the files will need, about. */
  bytes(source: ExportSource, options: Options): number;
  /** Writes everything but the model card into an empty folder. */
  write(source: ExportSource, folder: string, options: Options): Promise<void>;
  /** Opens what was written as other programs do, for the comparison with the live model. */
  reopen(folder: string, base: Model): TunedModel;
  /** Type of the written weights, which says how near the numbers can be. */
  dtype(source: ExportSource, options: Options): 'float32' | 'float16' | 'bfloat16' | 'quantised';
  /** Whether the files hold the weights of the base, with an adapter merged into them. */
  merges: boolean;
  /** What loads the files, by the name that the model card's `library_name` knows. */
  library: 'peft' | 'transformers' | 'gguf';
  /** Lines of the model card: how to load the files. */
  usage(source: ExportSource): string;
}
