import type { Context } from '@opentelemetry/api';

/**
 * Context that adds one value to its base. The API's own contexts copy all values and three functions for each added value,
 * which happens several times per request; this class adds a link. A lookup follows the chain, whose length is the nesting
 * depth of spans.
 */
export class LinkedContext implements Context {
  readonly #base: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(base: Context, key: symbol, value: unknown) {
    this.#base = base;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    if (this.#key === key) return this.#value;
    let base = this.#base;
    while (base instanceof LinkedContext) {
      if (base.#key === key) return base.#value;
      base = base.#base;
    }
    return base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new LinkedContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new LinkedContext(this, key, undefined);
  }
}
