import { Writable } from 'node:stream';
import { createLogger } from '@aion/logging';
import { runWithIds, startTracing, withSpan } from '@aion/tracing';
import { pino } from 'pino';
import winston from 'winston';
import { cpuNsPerCall } from '../measure-cpu.ts';
import type { Subject } from '../subject.ts';

const MESSAGE = 'Request handled';
const plainFields = (index: number) => ({ method: 'GET', path: '/api/v1/exports', status: 200, duration_ms: index });
/** Fields of which three values must not be written, one of them nested and one inside a text. */
const secretFields = (index: number) => ({
  ...plainFields(index),
  password: 'correct horse',
  headers: { authorization: 'Bearer abcdefghijklmnop', accept: 'application/json' },
  url: 'https://user:secret@example.org/?token=abcdef',
});

/** Where lines of this process go: nowhere, so that the line is measured and no device. */
let writtenBytes = 0;
const nowhere = (): Writable =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writtenBytes += chunk.length;
      done();
    },
  });
/** Below any whole line of this benchmark. */
const MIN_LINE_BYTES = 60;

/** A line of AION: JSON, redacted, with trace, request, correlation and tenant ids. */
export function createAionLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nowhere() });
  return insideRequest((index) => logger.info(MESSAGE, plainFields(index)));
}

/** A line of AION below its level. */
export function createAionSuppressedLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nowhere() });
  return insideRequest((index) => logger.debug(MESSAGE, plainFields(index)), 0);
}

/** A line of AION with secrets in it. */
export function createAionRedactedLine(): Subject {
  const logger = createLogger({ service: 'bench', level: 'info', format: 'json', stream: nowhere() });
  return insideRequest((index) => logger.info(MESSAGE, secretFields(index)));
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
    transports: [new winston.transports.Stream({ stream: nowhere() })],
  });
}

/** A line of winston: JSON with a timestamp, nothing redacted. */
export function createWinstonLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.info(MESSAGE, plainFields(index)));
}

/** A line of winston below its level. */
export function createWinstonSuppressedLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.debug(MESSAGE, plainFields(index)), 0);
}

/** The same fields with secrets through winston, which redacts nothing. */
export function createWinstonSecretLine(): Subject {
  const logger = createWinston();
  return subjectOf((index) => void logger.info(MESSAGE, secretFields(index)));
}

/** A line of pino. */
export function createPinoLine(): Subject {
  const logger = pino({ level: 'info' }, nowhere());
  return subjectOf((index) => logger.info(plainFields(index), MESSAGE));
}

/** A line of pino below its level. */
export function createPinoSuppressedLine(): Subject {
  const logger = pino({ level: 'info' }, nowhere());
  return subjectOf((index) => logger.debug(plainFields(index), MESSAGE), 0);
}

/** A line of pino with the paths of the secrets listed; secrets inside of texts stay. */
export function createPinoRedactedLine(): Subject {
  const logger = pino({ level: 'info', redact: ['password', 'headers.authorization', 'url'] }, nowhere());
  return subjectOf((index) => logger.info(secretFields(index), MESSAGE));
}

function subjectOf(call: (index: number) => void, lineBytes = MIN_LINE_BYTES): Subject {
  return { measure: (count) => measureLines(count, call, lineBytes) };
}

/** @throws Error when fewer bytes were written than so many lines have, or some where there should be none */
async function measureLines(count: number, call: (index: number) => void, lineBytes: number): Promise<number> {
  const before = writtenBytes;
  const value = await cpuNsPerCall(count, call, 50);
  const written = writtenBytes - before;
  if (lineBytes === 0 ? written > 0 : written < count * lineBytes) {
    throw new Error(`${count} calls wrote ${written} bytes: the figure would not be of what it claims.`);
  }
  return value;
}
