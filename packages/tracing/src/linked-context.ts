import type { Context } from '@opentelemetry/api';

/**
 * A context with one value more than its base. The API's own contexts copy all of their values and three functions each
 * time one is added, which a request does several times; this adds a link. A value is looked for link by link, and the
 * chain is as long as spans are nested.
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
