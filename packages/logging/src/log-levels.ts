import { LOG_LEVELS, type LogLevelSettings } from './logger.ts';

/** Log levels of a process, which can change at run time. */
export class LogLevels {
  #settings: LogLevelSettings;
  #version = 0;

  constructor(settings: LogLevelSettings) {
    this.#settings = freeze(settings);
  }

  /** Increases with each change. Callers cache a threshold and compare versions, which is cheaper than a lookup. */
  get version(): number {
    return this.#version;
  }

  current(): LogLevelSettings {
    return this.#settings;
  }

  replace(settings: LogLevelSettings): void {
    this.#settings = freeze(settings);
    this.#version += 1;
  }

  /** Returns the index in `LOG_LEVELS` of the lowest severity that a module logs. */
  thresholdOf(module: string): number {
    const { root, modules } = this.#settings;
    let prefix = module;
    while (prefix !== '') {
      // Own properties only: a module may be named `constructor`.
      const level = Object.hasOwn(modules, prefix) ? modules[prefix] : undefined;
      if (level !== undefined) return LOG_LEVELS.indexOf(level);
      prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0));
    }
    return LOG_LEVELS.indexOf(root);
  }
}

function freeze({ root, modules }: LogLevelSettings): LogLevelSettings {
  return Object.freeze({ root, modules: Object.freeze({ ...modules }) });
}
