// The one error class that users see: what happened, what to do now, and a stable code for machines.
// A sentence in `message` names the thing and the numbers; `remedy` starts with a verb. Neither blames anybody.

export class AppError extends Error {
  /** Stable kebab-case code, such as `pdf-encrypted`; never shown first. */
  readonly code: string;
  /** One sentence: what to do now. Empty only where nothing can be done. */
  readonly remedy: string;

  constructor(code: string, message: string, remedy = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** The shape an error has on the wire, in a job record and in `--json` output. */
export interface ErrorShape {
  code: string;
  message: string;
  remedy: string;
}

/** Any thrown value as an `ErrorShape`. A fault of ours keeps its message, under the code `internal`. */
export function toErrorShape(thrown: unknown): ErrorShape {
  if (thrown instanceof AppError)
    return { code: thrown.code, message: thrown.message, remedy: thrown.remedy };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'internal',
    message,
    remedy: 'Try again; if it happens again, send the log file with your report.',
  };
}

/** For our own mistakes: names the invariant that does not hold; as a function where its text takes time to make. */
export function assert(condition: unknown, invariant: string | (() => string)): asserts condition {
  if (condition) return;
  throw new Error(`Invariant broken: ${typeof invariant === 'string' ? invariant : invariant()}`);
}
