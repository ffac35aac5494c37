// Names of a template at run time: a chain of scopes, and the places that output goes to. Knows no nodes.
import type { Meter } from './limits.ts';
import { Undefined, type Value } from './values.ts';

export class Scope {
  private readonly names = new Map<string, Value>();
  private readonly parent: Scope | undefined;

  constructor(parent?: Scope, names: Iterable<[string, Value]> = []) {
    this.parent = parent;
    for (const [name, value] of names) this.names.set(name, value);
  }

  find(name: string): Value | undefined {
    const own = this.names.get(name);
    return own === undefined ? this.parent?.find(name) : own;
  }

  get(name: string): Value {
    const value = this.find(name);
    return value === undefined ? new Undefined(() => `'${name}' is undefined`) : value;
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
  }
}

/** Collects text; `length` counts UTF-16 units. */
export class Output {
  private readonly parts: string[] = [];
  private readonly meter: Meter;
  length = 0;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  write(text: string): void {
    this.length += text.length;
    this.meter.size(this.length);
    this.parts.push(text);
  }

  text(): string {
    return this.parts.join('');
  }
}
