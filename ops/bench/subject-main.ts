import type { MeasureRequest, SubjectReply } from './subject.ts';
import { findSubject } from './find-subject.ts';

// The process of one subject: creates it, then measures on request. It exits when the benchmark disconnects.
const [name = '', otlpEndpoint = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
const reply = (message: SubjectReply): void => void process.send?.(message);
const fail = (thrown: unknown): void =>
  reply({ kind: 'failure', message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });

try {
  const create = findSubject(name);
  const subject = await create(otlpEndpoint);
  process.on('message', ({ count, port }: MeasureRequest) => {
    subject.measure(count, port).then((value) => reply({ kind: 'value', value }), fail);
  });
  reply({ kind: 'ready', port: subject.port });
} catch (error) {
  fail(error);
}
