/** Structured fields of a record. The `error` field may contain any thrown value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Log levels by decreasing severity: `error` requires immediate action, `debug` serves developers only. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Log levels of a process: a default level and levels by module. */
export interface LogLevelSettings {
  readonly root: LogLevel;
  /** Levels by module or dot-separated prefix: `database` also applies to `database.pool`. The longest match wins. */
  readonly modules: Readonly<Record<string, LogLevel>>;
}

/**
 * Logger of one module. Messages are constant; variable data is passed in fields. Trace, correlation, request and tenant
 * ids are read from the active context. Never throws.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Creates a logger whose records name the given module. */
  child(module: string): Logger;
}

/** Logger of a process, which can also change levels and flush. */
export interface RootLogger extends Logger {
  /** Returns the current levels. */
  levels(): LogLevelSettings;
  /**
   * Replaces the levels of the process, effective with the next record. Always logs a WARN record with the caller and the
   * previous and current levels, even if the new levels suppress WARN.
   */
  setLevels(next: LogLevelSettings, by: string): void;
  /** Waits until all lines were written; returns false if that takes longer than `timeoutMs`. Never rejects. */
  flush(timeoutMs: number): Promise<boolean>;
}
