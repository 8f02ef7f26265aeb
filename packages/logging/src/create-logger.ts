import { activeIds, activeSpanIds } from '@aion/tracing';
import winston from 'winston';
import type { LogFields, Logger, LogLevel } from './logger.ts';
import { LOG_LEVELS } from './logger.ts';
import { formatPretty } from './format-pretty.ts';
import { redact, redactText } from './redact.ts';

/** How a process logs. */
export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** `json` for machines: one object a line. `pretty` for people: compact, with the same ids. */
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output by default. */
  readonly stream?: NodeJS.WritableStream;
}

/** Creates the root logger of a process, on winston. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = winston.createLogger({
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    level: options.level,
    format: winston.format.printf((record) => (options.format === 'json' ? toJson(record) : formatPretty(record))),
    transports: [new winston.transports.Stream({ stream: options.stream ?? process.stdout, eol: '\n' })],
    exitOnError: false,
  });
  const enabled = LOG_LEVELS.indexOf(options.level);

  const createChild = (module: string): Logger => {
    const write = (level: LogLevel, message: string, fields?: LogFields): void => {
      // The level is checked before anything is built: a suppressed line must cost next to nothing.
      if (LOG_LEVELS.indexOf(level) > enabled) return;
      sink.log(toRecord(options.service, module, level, message, fields));
    };
    return {
      debug: (message, fields) => write('debug', message, fields),
      info: (message, fields) => write('info', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      error: (message, fields) => write('error', message, fields),
      child: createChild,
    };
  };
  return createChild('main');
}

function toJson(record: winston.Logform.TransformableInfo): string {
  return JSON.stringify(record);
}

function toRecord(
  service: string,
  module: string,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): winston.LogEntry {
  const ids = activeIds();
  const span = activeSpanIds();
  const clean = redact(fields);
  return {
    timestamp: new Date().toISOString(),
    level,
    message: redactText(message),
    service,
    module,
    ...(span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }),
    ...(ids.correlationId === undefined ? {} : { correlation_id: ids.correlationId }),
    ...(ids.requestId === undefined ? {} : { request_id: ids.requestId }),
    ...(ids.tenantId === undefined ? {} : { tenant_id: ids.tenantId }),
    ...(Object.keys(fields).length === 0 ? {} : { fields: clean }),
  };
}
