// The logits that the app computes of a tuned model, as test/reference/check-exports.py reads them.
import { writeFileSync } from 'node:fs';
import { logitsOf, parityTexts } from '../../main/exporters/parity.ts';
import type { TunedModel } from '../../main/inference/weights.ts';
import { loadTokenizer } from '../../main/tokens/tokenizer.ts';

/**
 * Writes `{texts: [{ids, logits}]}` for the texts of an export's comparison. `logits` is [places, outputs]: a place for
 * each token, or one for a text that gets labels; an encoder-decoder reads the text and writes the same tokens.
 */
export async function writeLogits(tuned: TunedModel, file: string): Promise<void> {
  const { model } = tuned;
  const texts = [];
  for (const ids of await parityTexts(await loadTokenizer(model.folder), model.shape.contextLength)) {
    texts.push({ ids, logits: [...(await logitsOf(tuned, ids))] });
  }
  writeFileSync(file, JSON.stringify({ texts }));
}
