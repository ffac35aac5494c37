// The error of a template: what Python would have raised, by name and sentence. Knows nothing of users.

export class JinjaError extends Error {
  /**
   * The Python exception: `TemplateError` (raise_exception), `UndefinedError`, `TypeError`, `LimitError`
   * (ours) ...
   */
  readonly type: string;
  /** Line of the template where it was noticed, from 1; 0 where it is not known. */
  line: number;

  constructor(type: string, message: string, line = 0) {
    super(message);
    this.name = 'JinjaError';
    this.type = type;
    this.line = line;
  }
}

export function typeError(message: string): JinjaError {
  return new JinjaError('TypeError', message);
}

export function valueError(message: string): JinjaError {
  return new JinjaError('ValueError', message);
}
