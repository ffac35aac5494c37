// Decoders: each trained token of a rendered conversation is a label, several records may share a row.
import { encodeRecords } from '../data.ts';
import { renderRecord, surveyRecords } from '../survey.ts';
import { batchArrays } from '../updates.ts';
import { labels } from './labels.ts';
import type { TaskType } from './task-type.ts';

export const causal: TaskType = {
  id: 'CAUSAL_LM',
  peftTask: 'CAUSAL_LM',
  loss: labels,
  autoClass: 'AutoModelForCausalLM',
  pipeline: 'text-generation',
  predicts: 'next tokens',
  explains: '',
  packs: true,
  takesNoise: true,
  smooths: true,
  prepare: (model) => model,
  cutsPrompts: true,
  encode: ({ tokenizer, records, maxLength, cut, onProgress }) =>
    encodeRecords(tokenizer, records, maxLength, onProgress, cut),
  lay: (records, plan, _, padId) => batchArrays(records, plan, padId),
  placesOf: ({ width }) => width,
  survey: ({ tokenizer, records }, onGroup) => surveyRecords(tokenizer, records, onGroup),
  render: (tokenizer, model, record) => renderRecord(tokenizer, record, model.shape.contextLength),
};
