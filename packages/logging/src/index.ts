export { type DropReason } from './bounded-sink.ts';
export { createLogger, type LoggerOptions } from './create-logger.ts';
export {
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogLevelSettings,
  type RootLogger,
} from './logger.ts';
export { redactText } from './redact-text.ts';
export { redact } from './redact.ts';
