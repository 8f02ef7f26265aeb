/** Structured fields of a record. An `error` field may hold any thrown value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The levels, from what someone must act on now to what only its author reads. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What all code logs through. Messages are constant sentences; what varies goes into fields. Trace, correlation,
 * request and tenant ids come from the active context and are never passed by hand.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose records say that they come from the given module. */
  child(module: string): Logger;
}
