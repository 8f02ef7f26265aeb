export { createLogger, type LoggerOptions } from './create-logger.ts';
export { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from './logger.ts';
export { redact, redactText } from './redact.ts';
