import { activeIds, activeSpanIds } from '@aion/tracing';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { BoundedSink, type DropReason } from './bounded-sink.ts';
import { formatPretty } from './format-pretty.ts';
import { isTraceSampled } from './is-trace-sampled.ts';
import { LogLevels } from './log-levels.ts';
import {
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogLevelSettings,
  type RootLogger,
} from './logger.ts';
import { redactText } from './redact-text.ts';
import { redact } from './redact.ts';

/** Options of `createLogger`. */
export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Levels by module or dot-separated prefix; `setLevels` can change them later. */
  readonly moduleLevels?: Readonly<Record<string, LogLevel>>;
  /** `json`: one object per line. `pretty`: compact lines for terminals, with the same ids. */
  readonly format: 'json' | 'pretty';
  /** Output stream. Default: standard output. */
  readonly stream?: NodeJS.WritableStream;
  /** Share of traces whose INFO and DEBUG records are logged, 0 to 1. Default 1. WARN and ERROR are always logged. */
  readonly sampleRatio?: number;
  /** Maximum size of the buffer for a stalled stream, in bytes. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Maximum delay of INFO and DEBUG lines for batching, in milliseconds. Default 0. */
  readonly batchMs?: number;
  /** Called for each dropped line with the reason. */
  readonly onDrop?: (reason: DropReason) => void;
}

const WARN = LOG_LEVELS.indexOf('warn');

/** Creates the root logger of a process, on winston. */
export function createLogger(options: LoggerOptions): RootLogger {
  const onDrop = options.onDrop ?? (() => undefined);
  const sink = new BoundedSink({
    stream: options.stream ?? process.stdout,
    maxBufferedBytes: options.maxBufferedBytes ?? 1_048_576,
    batchMs: options.batchMs ?? 0,
    onDrop,
  });
  const writer = createWriter(options.format, sink);
  const levels = new LogLevels({ root: options.level, modules: options.moduleLevels ?? {} });
  const sampleRatio = options.sampleRatio ?? 1;

  const createChild = (name: string): Logger => {
    const module = redactText(name);
    let version = levels.version;
    let threshold = levels.thresholdOf(module);
    const write = (severity: number, level: LogLevel, message: string, fields?: LogFields): void => {
      if (version !== levels.version) {
        version = levels.version;
        threshold = levels.thresholdOf(module);
      }
      // Check the level before building anything: a suppressed record must cost almost nothing.
      if (severity > threshold) return;
      const span = activeSpanIds();
      if (severity > WARN && span !== undefined && !isTraceSampled(span.traceId, sampleRatio)) onDrop('sampled');
      else writer.log(toRecord({ service: options.service, module, level, message, fields, span }));
    };
    return {
      debug: (message, fields) => write(3, 'debug', message, fields),
      info: (message, fields) => write(2, 'info', message, fields),
      warn: (message, fields) => write(1, 'warn', message, fields),
      error: (message, fields) => write(0, 'error', message, fields),
      child: createChild,
    };
  };
  return {
    ...createChild('main'),
    levels: () => levels.current(),
    setLevels: (next: LogLevelSettings, by: string) => {
      const fields = { by, previous: levels.current(), current: next };
      levels.replace(next);
      const record = { module: 'log-levels', level: 'warn', message: 'Log levels changed', fields } as const;
      writer.log(toRecord({ service: options.service, ...record, span: activeSpanIds() }));
    },
    flush: (timeoutMs) => sink.flush(timeoutMs),
  };
}

function createWriter(format: LoggerOptions['format'], sink: BoundedSink): winston.Logger {
  const transport = new TransportStream({
    log: (record: Readonly<Record<symbol, string>>, next: () => void) => {
      const isUrgent = record[LEVEL] === 'error' || record[LEVEL] === 'warn';
      sink.write(`${record[MESSAGE] ?? ''}\n`, isUrgent);
      next();
    },
  });
  return winston.createLogger({
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    // Levels are checked per module before a record is built.
    level: 'debug',
    format: winston.format.printf((record) => (format === 'json' ? JSON.stringify(record) : formatPretty(record))),
    transports: [transport],
    exitOnError: false,
  });
}

/** Keys of the formatted line and the level in a winston record (triple-beam). */
const MESSAGE = Symbol.for('message');
const LEVEL = Symbol.for('level');

interface RecordParts {
  readonly service: string;
  readonly module: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
  readonly span: { readonly traceId: string; readonly spanId: string } | undefined;
}

function toRecord({ service, module, level, message, fields, span }: RecordParts): winston.LogEntry {
  const record: winston.LogEntry = {
    timestamp: new Date().toISOString(),
    level,
    message: redactText(message),
    service,
    module,
  };
  if (span !== undefined) {
    record['trace_id'] = span.traceId;
    record['span_id'] = span.spanId;
  }
  const ids = activeIds();
  if (ids.correlationId !== undefined) record['correlation_id'] = ids.correlationId;
  if (ids.requestId !== undefined) record['request_id'] = ids.requestId;
  if (ids.tenantId !== undefined) record['tenant_id'] = ids.tenantId;
  const clean = fields === undefined ? undefined : redact(fields);
  if (clean !== undefined && !isEmpty(clean)) record['fields'] = clean;
  return record;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
