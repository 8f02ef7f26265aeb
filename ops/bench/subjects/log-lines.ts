import { Writable } from 'node:stream';
import { createLogger } from '@aion/logging';
import { runWithIds, startTracing, withSpan } from '@aion/tracing';
import { pino } from 'pino';
import winston from 'winston';
import { measureCpuNsPerCall } from '../measure-cpu.ts';
import type { Subject } from '../subject.ts';

const MESSAGE = 'Request handled';
/** Shorter than any complete line of this benchmark. */
const MIN_LINE_BYTES = 60;
/** Bytes that the null streams of this process have discarded. */
let writtenBytes = 0;

/** Creates a subject that logs an AION line: JSON, redacted, with trace, request, correlation and tenant ids. */
export function createAionLogLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nullStream() });
  return insideRequest((index) => logger.info(MESSAGE, plainFields(index)));
}

/** Creates a subject that logs an AION line below the level. */
export function createAionSuppressedLogLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nullStream() });
  return insideRequest((index) => logger.debug(MESSAGE, plainFields(index)), 0);
}

/** Creates a subject that logs an AION line that contains secrets. */
export function createAionRedactedLogLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nullStream() });
  return insideRequest((index) => logger.info(MESSAGE, secretFields(index)));
}

/** Creates a subject that logs a winston line: JSON with a timestamp, not redacted. */
export function createWinstonLogLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.info(MESSAGE, plainFields(index)));
}

/** Creates a subject that logs a winston line below the level. */
export function createWinstonSuppressedLogLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.debug(MESSAGE, plainFields(index)), 0);
}

/** Creates a subject that logs a winston line that contains secrets, which winston does not redact. */
export function createWinstonSecretLogLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.info(MESSAGE, secretFields(index)));
}

/** Creates a subject that logs a pino line. */
export function createPinoLogLine(): Subject {
  const logger = pino({ level: 'info' }, nullStream());
  return subjectOf((index) => logger.info(plainFields(index), MESSAGE));
}

/** Creates a subject that logs a pino line below the level. */
export function createPinoSuppressedLogLine(): Subject {
  const logger = pino({ level: 'info' }, nullStream());
  return subjectOf((index) => logger.debug(plainFields(index), MESSAGE), 0);
}

/** Creates a subject that logs a pino line with the paths of the secrets listed; secrets inside strings are not redacted. */
export function createPinoRedactedLogLine(): Subject {
  const logger = pino({ level: 'info', redact: ['password', 'headers.authorization', 'url'] }, nullStream());
  return subjectOf((index) => logger.info(secretFields(index), MESSAGE));
}

function insideRequest(call: (index: number) => void, lineBytes = MIN_LINE_BYTES): Subject {
  startTracing({ serviceName: 'bench', serviceVersion: '0.0.0', enabled: true, sampleRatio: 0.1 });
  const ids = { correlationId: 'c0ffee', tenantId: '0198c0de', requestId: 'r1' };
  return {
    measure: (count) => withSpan('bench', {}, () => runWithIds(ids, () => measureLines(count, call, lineBytes))),
  };
}

function createWinston(): winston.Logger {
  return winston.createLogger({
    level: 'info',
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream: nullStream() })],
  });
}

function subjectOf(call: (index: number) => void, lineBytes = MIN_LINE_BYTES): Subject {
  return { measure: (count) => measureLines(count, call, lineBytes) };
}

/** @throws Error when fewer bytes were written than `count` lines have, or any for a suppressed line */
async function measureLines(count: number, call: (index: number) => void, lineBytes: number): Promise<number> {
  const before = writtenBytes;
  const value = await measureCpuNsPerCall(count, call, 50);
  const written = writtenBytes - before;
  if (lineBytes === 0 ? written > 0 : written < count * lineBytes) {
    throw new Error(`${count} calls wrote ${written} bytes, so the figure would be wrong.`);
  }
  return value;
}

function plainFields(index: number) {
  return { method: 'GET', path: '/api/v1/exports', status: 200, duration_ms: index };
}

/** Returns fields with three secrets, one of them nested and one inside a string. */
function secretFields(index: number) {
  return {
    ...plainFields(index),
    password: 'correct horse',
    headers: { authorization: 'Bearer abcdefghijklmnop', accept: 'application/json' },
    url: 'https://user:secret@example.org/?token=abcdef',
  };
}

/** Creates a stream that discards lines and counts their bytes, so that no device is measured. */
function nullStream(): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writtenBytes += chunk.length;
      done();
    },
  });
}
