// What kinds of models learn from a record, and how: the type of entry that index.ts lists by PEFT's names. Jobs ask the
// entry of a model and never its architecture.
import type { DatasetRecord, RenderedRecord } from '../../contract/datasets.ts';
import type { Model } from '../../models/load.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import type { CutSide } from '../cut.ts';
import type { EncodedData, TrainingRecord } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import type { BatchArrays } from '../trainer.ts';
import type { MicroBatchPlan } from '../updates.ts';
import type { Task } from './task.ts';

export interface EncodeCall {
  tokenizer: Tokenizer;
  model: Model;
  records: readonly DatasetRecord[];
  /** Longest text in tokens. */
  maxLength: number;
  /** What longer texts lose, where the kind of model gives a choice; their end unless given. */
  cut?: CutSide;
  /** Gets the share done, 0 to 1. */
  onProgress?: (share: number) => void;
}

export interface TaskType {
  id: 'CAUSAL_LM' | 'SEQ_CLS' | 'TOKEN_CLS' | 'SEQ_2_SEQ_LM' | 'MASKED_LM';
  /** `task_type` of adapter_config.json; null where PEFT has no name for it. */
  peftTask: string | null;
  /** What is computed on top of the model. */
  loss: Task;
  /** Measures of an evaluation unless others are asked for; undefined = by the form of the answers. */
  measures?: readonly string[];
  /** Class of transformers that loads such a model. */
  autoClass: string;
  /** `pipeline_tag` of a model card. */
  pipeline: string;
  /** What one position of the output says, for sentences: `next tokens agree`. */
  predicts: string;
  /** What unknown answers have that the model was not taught, for sentences; absent = each answer is one of the model's labels. */
  strange?: string;
  /** One sentence for the Model screen; empty where there is nothing to explain. */
  explains: string;
  /** Several records share a row. */
  packs: boolean;
  /** Takes noise on the embeddings of tokens (noise.ts). */
  takesNoise: boolean;
  /** Label smoothing has a meaning. */
  smooths: boolean;
  /** Long records can lose the beginning of their prompt instead of their end. */
  cutsPrompts?: true;
  /**
   * The model that a run trains: the opened one, with the output layer that the training records ask for. New tensors go
   * to `headFile`; null = nowhere, for plans.
   * @throws AppError when the records do not suit this kind of model
   */
  prepare(model: Model, train: readonly DatasetRecord[], headFile: string | null, seed: number): Model;
  encode(call: EncodeCall): Promise<EncodedData>;
  /**
   * The arrays of a micro-batch of encoded records. `draw` is the number of an update, for tasks that draw anew each time;
   * without it the arrays are always the same, as measuring needs.
   */
  lay(
    records: readonly TrainingRecord[],
    plan: MicroBatchPlan,
    model: Model,
    padId: number,
    draw?: number,
  ): LaidBatch;
  /** Places in a row of a batch that label rows count. */
  placesOf(batch: BatchArrays): number;
  /** The lengths and labels of all records, for plans. */
  survey(
    call: Omit<EncodeCall, 'maxLength' | 'cut' | 'onProgress'>,
    onGroup: () => Promise<void>,
  ): Promise<SurveyedRecord[]>;
  /** A record as the model sees it. */
  render(tokenizer: Tokenizer, model: Model, record: DatasetRecord): Promise<RenderedRecord>;
}

export type LaidBatch = BatchArrays & { tokens: number };

/** Tokens that each record is planned with: a text, or its target where that is longer. */
export function plannedLengths(records: readonly TrainingRecord[]): number[] {
  return records.map(({ ids, target }) => Math.max(ids.length, target?.length ?? 0));
}
