// Writes the logits of a run's checkpoint as the app computes them, for check-exports.py to hold exports of that run
// against PEFT and transformers. TUNED is the checkpoint's folder, with an adapter or with whole weights:
//   node main/bootstrap.mjs test/reference/write-logits.ts MODEL TUNED logits.json
//   python test/reference/check-exports.py MODEL ADAPTER_EXPORT MERGED_EXPORT logits.json
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openTuned } from '../../main/inference/weights.ts';
import { openTrainable } from '../../main/models/load.ts';
import { writeLogits } from '../helpers/stored-logits.ts';

const [model, tuned, file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Name a model folder, the folder of a checkpoint and a new file.\n');
  process.exitCode = 2;
} else {
  const kind = existsSync(join(tuned, 'adapter_config.json')) ? 'adapter' : 'full';
  await writeLogits(openTuned(openTrainable(resolve(model)), { kind, folder: resolve(tuned) }), resolve(file));
}
