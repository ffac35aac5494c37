// Which conversations of a dataset the chat template of a model refuses, and what would help (FIELD-CASES B04).
import type { DatasetRecord, RoleRefusal } from '../contract/datasets.ts';
import { checkRoles } from '../tokens/roles.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';

const groupSize = 256;

/** Refusals in order of their first record. `onGroup` is called now and then, to let others in. */
export async function refusedRoles(
  tokenizer: Pick<Tokenizer, 'chatTemplate' | 'specialTokens'>,
  records: readonly DatasetRecord[],
  onGroup: () => Promise<unknown> = async () => {},
): Promise<RoleRefusal[]> {
  const chats = records.flatMap(({ content }) => (content.type === 'chat' ? [content] : []));
  const found = new Map<string, RoleRefusal>();
  for (let start = 0; start < chats.length; start += groupSize) {
    for (const { records: _, ...refusal } of checkRoles(tokenizer, chats.slice(start, start + groupSize))
      .refused)
      add(found, refusal);
    await onGroup();
  }
  return [...found.values()];
}

function add(found: Map<string, RoleRefusal>, { sentence, reason, count, repairs }: RoleRefusal): void {
  const key = `${sentence.replace(/\d+/g, '#')} ${reason}`;
  const known = found.get(key);
  if (known === undefined) {
    found.set(key, { sentence, reason, count, repairs });
    return;
  }
  known.count += count;
  for (const { steps, count: times } of repairs) {
    const same = known.repairs.find((one) => one.steps.join() === steps.join());
    if (same === undefined) known.repairs.push({ steps, count: times });
    else same.count += times;
  }
}
