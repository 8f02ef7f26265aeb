import { LOG_LEVELS, type LogLevelSettings } from './logger.ts';

/** The levels of a process, changeable while it runs. */
export class LogLevels {
  #settings: LogLevelSettings;
  #version = 0;

  constructor(settings: LogLevelSettings) {
    this.#settings = freeze(settings);
  }

  /** Grows with each change: who keeps a threshold compares it, which costs less than looking the module up. */
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

  /** The index in `LOG_LEVELS` of the least important level that a module writes. */
  thresholdOf(module: string): number {
    const { root, modules } = this.#settings;
    for (let prefix = module; prefix !== ''; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
      // Own properties only: a module may be called `constructor`.
      const level = Object.hasOwn(modules, prefix) ? modules[prefix] : undefined;
      if (level !== undefined) return LOG_LEVELS.indexOf(level);
    }
    return LOG_LEVELS.indexOf(root);
  }
}

function freeze({ root, modules }: LogLevelSettings): LogLevelSettings {
  return Object.freeze({ root, modules: Object.freeze({ ...modules }) });
}
