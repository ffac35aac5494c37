// What a conformance check is: it recognises a folder laid out as test/reference/README.md says, compares
// what Tunesmith computes with what is stored there, and yields one row per quantity. Knows no case by
// name.

/** One line of the conformance table. */
export interface Row {
  /** The case: the folder's name, then the case inside it, such as `llama lora_all`. */
  case: string;
  /** What was compared, such as `logits`, `step losses`, `tokenizer ids`. */
  quantity: string;
  status: 'passed' | 'failed' | 'skipped';
  /** Largest absolute difference found (0 for exact quantities that are equal). Absent when skipped. */
  difference?: number;
  /** Tolerance that the difference was held against; 0 = must be equal. Absent when skipped. */
  tolerance?: number;
  /** Why it was skipped, or where the first difference lies. */
  note?: string;
}

export interface CheckOptions {
  /** Execution provider of the engine: `cpu` or `webgpu`. */
  provider: string;
}

/** A family of cases. Registered in `index.ts`. */
export interface Check {
  id: string;
  /** True where `folder` holds a case of this family. `files` are the names directly inside it. */
  matches(folder: string, files: readonly string[]): boolean;
  /**
   * Set where nothing is computed on a device, and says what is: the case is skipped on all but the
   * processor.
   */
  onProcessorOnly?: string;
  run(folder: string, options: CheckOptions): AsyncIterable<Row>;
}

/** A row for a numeric quantity: passed when `difference` is a number no larger than `tolerance`. */
export function compared(
  name: string,
  quantity: string,
  difference: number,
  tolerance: number,
  note?: string,
): Row {
  const status = difference <= tolerance ? 'passed' : 'failed'; // NaN fails
  return { case: name, quantity, status, difference, tolerance, ...(note === undefined ? {} : { note }) };
}

export function skipped(name: string, quantity: string, note: string): Row {
  return { case: name, quantity, status: 'skipped', note };
}
