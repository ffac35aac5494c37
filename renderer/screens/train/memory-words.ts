// What each policy of recomputation costs and saves against the chosen one, and the nearest setting that fits: pure text
// from a plan.
import type { MemoryPolicy, MemoryRemedy, Plan, TrainSettings } from '../../../main/contract/runs.ts';
import { bytes, duration, integer } from '../../components/format.ts';
import { RECOMPUTE_LABELS } from './groups.ts';

export interface PolicyRow {
  recompute: MemoryPolicy['recompute'];
  label: string;
  memory: string;
  /** Against the chosen policy: "saves 0.82 GB, takes 4 min longer". */
  difference: string;
  chosen: boolean;
  tooLarge: boolean;
}

/** One row for each policy of the plan, the one that keeps most first. */
export function policyRows(plan: Plan, { recompute }: TrainSettings): PolicyRow[] {
  const own = plan.policies.find((policy) => policy.recompute === recompute);
  return plan.policies.map((policy) => ({
    recompute: policy.recompute,
    label: RECOMPUTE_LABELS[policy.recompute],
    memory: bytes(policy.peakBytes),
    difference: policy === own || own === undefined ? 'chosen' : differenceWords(policy, own),
    chosen: policy === own,
    tooLarge: policy.verdict === 'too-large',
  }));
}

function differenceWords(policy: MemoryPolicy, own: MemoryPolicy): string {
  const saved = own.peakBytes - policy.peakBytes;
  const longer = policy.seconds - own.seconds;
  const memory = saved >= 0 ? `saves ${bytes(saved)}` : `needs ${bytes(-saved)} more`;
  if (Math.abs(longer) < 1) return `${memory}, takes as long`;
  const time = duration(Math.abs(longer));
  return longer > 0 ? `${memory}, takes ${time} longer` : `${memory}, ends ${time} earlier`;
}

/** The nearest setting that fits, and whether it changes the result. */
export function remedyWords(remedy: MemoryRemedy, settings: TrainSettings): string {
  const parts: string[] = [];
  if (remedy.recompute !== settings.recompute) parts.push(lowered(RECOMPUTE_LABELS[remedy.recompute]));
  if (isSmaller(remedy.microBatchTokens, settings.microBatchTokens))
    parts.push(`at most ${integer(remedy.microBatchTokens)} tokens a pass`);
  if (remedy.cuts) parts.push(`records cut at ${integer(remedy.maxLength)} tokens`);
  const result = remedy.cuts ? 'What is cut off is not learned.' : 'The result stays the same.';
  return `Nearest that fits, ${bytes(remedy.peakBytes)}: ${parts.join(', ')}. ${result}`;
}

/** Settings of 0 stand for a value that the plan chose. */
const isSmaller = (value: number, before: number): boolean => value > 0 && (before === 0 || value < before);

const lowered = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** The recipe with the nearest setting that fits; a length that stays as it is keeps its "automatic". */
export function withRemedy(settings: TrainSettings, remedy: MemoryRemedy): TrainSettings {
  const { recompute, microBatchTokens, maxLength, cuts } = remedy;
  return { ...settings, recompute, microBatchTokens, ...(cuts ? { maxLength } : {}) };
}
