import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

describe('environment of unit tests', () => {
  const advice = /does no I\/O.*Name its file x\.integration\.test\.ts/;

  it('rejects opening a port', () => {
    expect(() => createServer().listen(0)).toThrow(advice);
  });

  it('rejects opening a connection', () => {
    expect(() => connect({ host: '127.0.0.1', port: 9 })).toThrow(advice);
  });

  it('rejects starting a process', () => {
    expect(() => spawn(process.execPath, ['--version'])).toThrow(advice);
  });
});
