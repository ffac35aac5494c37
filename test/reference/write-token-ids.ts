// Writes what the app's tokenizer makes of some texts, for `check-exports.py --tokenizer` to hold against transformers:
//   node main/bootstrap.mjs test/reference/write-token-ids.ts MODEL ids.json
import { writeFileSync } from 'node:fs';
import { loadTokenizer } from '../../main/tokens/tokenizer.ts';

const roles = ['bos_token', 'eos_token', 'unk_token', 'pad_token', 'mask_token', 'cls_token', 'sep_token'];

const texts = [
  'The quick brown fox jumps over the lazy dog, and then it rests.',
  'Two  spaces,\ta tab and\na new line.',
  '{"name": "Ada", "age": 36}',
  'Bitte prüfen Sie 3.141 × 10⁵ Zeichen; 请检查 🙂.',
  ' A text that begins with a space',
  '',
];

async function writeTokenIds(folder: string, file: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  const special = Object.fromEntries(
    Object.entries(tokenizer.specialTokens).filter(([role]) => roles.includes(role)),
  );
  const within = texts.concat(Object.values(special).map((token) => `before ${token} behind`));
  const stored = [];
  for (const text of within) {
    const { ids } = await tokenizer.encode(text, { addSpecial: true });
    stored.push({ text, ids, decoded: tokenizer.decode(ids, { skipSpecial: true }) });
  }
  writeFileSync(file, JSON.stringify({ size: tokenizer.vocabularySize, special, texts: stored }));
}

const [folder, file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Name a model folder and a new file.\n');
  process.exitCode = 2;
} else {
  await writeTokenIds(folder, file);
}
