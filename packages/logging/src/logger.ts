/** Structured fields of a record. An `error` field may hold any thrown value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The levels, from what someone must act on now to what only its author reads. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The levels of a process: one for all modules, and others for some. */
export interface LogLevelSettings {
  readonly root: LogLevel;
  /** By module or by a prefix of it up to a dot: `database` holds for `database.pool` too; the longest wins. */
  readonly modules: Readonly<Record<string, LogLevel>>;
}

/**
 * What all code logs through. Messages are constant sentences; what varies goes into fields. Trace, correlation,
 * request and tenant ids come from the active context and are never passed by hand. Never throws.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose records say that they come from the given module. */
  child(module: string): Logger;
}

/** The logger of a whole process: what its owner can do beside logging. */
export interface RootLogger extends Logger {
  /** The levels that hold now. */
  levels(): LogLevelSettings;
  /**
   * Replaces the levels of the process from the next line on, and writes a WARN record that says who did it, the old
   * and the new levels, whatever the levels are: no change goes unrecorded.
   */
  setLevels(next: LogLevelSettings, by: string): void;
  /** Waits until all lines have left the process; false when they have not within `timeoutMs`. Never rejects. */
  flush(timeoutMs: number): Promise<boolean>;
}
