// What a chat template refuses (FIELD-CASES B04): refusals grouped by their sentence, and the repairs
// (datasets/turns.ts) that would make each record acceptable. Knows no tokens.
import type { Repair, RoleRefusal } from '../contract/datasets.ts';
import { repair } from '../datasets/turns.ts';
import { AppError } from '../errors.ts';
import { renderTemplate } from './chat-template.ts';
import type { Conversation } from './content-guard.ts';
import type { Tokenizer } from './tokenizer.ts';

/** As on the wire, and where the records are. */
export interface Refusal extends RoleRefusal {
  /** Positions of the records, from 0. */
  records: number[];
}

export interface RoleReport {
  accepted: number;
  refused: Refusal[];
}

/** Tries every conversation with the tokenizer's template. Refusals come in order of their first record. */
export function checkRoles(
  tokenizer: Pick<Tokenizer, 'chatTemplate' | 'specialTokens'>,
  conversations: readonly Conversation[],
  { kwargs }: { kwargs?: Readonly<Record<string, unknown>> } = {},
): RoleReport {
  const sentenceOf = ({ messages, tools }: Conversation): string | undefined => {
    try {
      renderTemplate(tokenizer.chatTemplate ?? '', {
        messages,
        tools,
        kwargs,
        specialTokens: tokenizer.specialTokens,
      });
      return undefined;
    } catch (error) {
      if (error instanceof AppError) return error.message;
      throw error;
    }
  };
  const groups = new Map<string, Refusal>();
  let accepted = 0;
  conversations.forEach((conversation, at) => {
    const sentence = sentenceOf(conversation);
    if (sentence === undefined) {
      accepted++;
      return;
    }
    const steps = repairSets.find(
      (set) => sentenceOf({ ...conversation, messages: repair(conversation.messages, set) }) === undefined,
    );
    const reason =
      steps?.[0] === 'merge-system'
        ? 'no-system-role'
        : steps === undefined
          ? 'other'
          : 'roles-do-not-alternate';
    const key = `${sentence.replace(/\d+/g, '#')} ${reason}`;
    const group = groups.get(key) ?? { sentence, reason, count: 0, records: [], repairs: [] };
    groups.set(key, group);
    group.count++;
    group.records.push(at);
    if (steps === undefined) return;
    const known = group.repairs.find((entry) => entry.steps.join() === steps.join());
    if (known === undefined) group.repairs.push({ steps, count: 1 });
    else known.count++;
  });
  return { accepted, refused: [...groups.values()] };
}

const repairSets: Repair[][] = [['merge-system'], ['join-turns'], ['merge-system', 'join-turns']];
