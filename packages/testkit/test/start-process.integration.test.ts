import { connect } from 'node:net';
import { once } from 'node:events';
import { describeWithProgram, startMoto, startProcess, startRedis, waitFor } from '@aion/testkit';

const SLEEPER = ['-e', "process.stdout.write('up'); setInterval(() => undefined, 1000)"];
const STUBBORN = [
  '-e',
  "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); process.stdout.write('up')",
];

describe('startProcess', () => {
  it('waits until the process is ready and stops it', async () => {
    const running = await startProcess({ args: SLEEPER, ready: (output) => output === 'up' });
    expect(running.output()).toBe('up');
    expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('kills a process that ignores SIGTERM', async () => {
    const running = await startProcess({ args: STUBBORN, ready: (output) => output === 'up' });
    expect(await running.stop('SIGTERM', 50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('reports the output of a process that exits or times out before it is ready', async () => {
    const early = startProcess({ args: ['-e', "console.error('no luck'); process.exit(3)"], ready: () => false });
    await expect(early).rejects.toThrow(/exited before it was ready: \{"code":3,"signal":null\}\noutput:\nno luck/);
    const late = startProcess({ args: SLEEPER, ready: () => false, readyTimeoutMs: 300 });
    await expect(late).rejects.toThrow(/timed out after 300 ms waiting for .* to be ready/s);
  });

  it('names a program that cannot be started', async () => {
    await expect(startProcess({ program: '/nowhere/program', args: [] })).rejects.toThrow(
      '/nowhere/program cannot be started',
    );
  });

  it('removes variables from the environment', async () => {
    const running = await startProcess({ args: ['-p', 'String(process.env.PATH)'], env: { PATH: undefined } });
    await running.exited;
    expect(running.output().trim()).toBe('undefined');
  });
});

describe('waitFor', () => {
  it('returns the first truthy value and ignores earlier errors', async () => {
    let calls = 0;
    const predicate = () => {
      calls++;
      if (calls === 1) throw new Error('not yet');
      return calls === 3 && 'here';
    };
    expect(await waitFor(predicate, { describe: 'the third call', intervalMs: 1 })).toBe('here');
  });

  it('throws after its timeout with the description and the last error', async () => {
    const never = waitFor(() => Promise.reject(new Error('refused')), { describe: 'a miracle', timeoutMs: 5 });
    await expect(never).rejects.toMatchObject({
      message: 'timed out after 5 ms waiting for a miracle',
      cause: expect.objectContaining({ message: 'refused' }),
    });
  });
});

describeWithProgram('redis-server', 'startRedis', (programPath) => {
  it('starts a server that responds until it is stopped', async () => {
    const redis = await startRedis(programPath);
    const socket = connect(redis.port, '127.0.0.1');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('+PONG\r\n');
    await redis.stop();
    const refused = connect(redis.port, '127.0.0.1');
    await expect(once(refused, 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});

describeWithProgram('moto_server', 'startMoto', (programPath) => {
  it('starts an S3 endpoint that stores buckets', async () => {
    const moto = await startMoto(programPath);
    try {
      expect((await fetch(`${moto.endpoint}/a-bucket`, { method: 'PUT' })).status).toBe(200);
      expect((await fetch(`${moto.endpoint}/a-bucket`, { method: 'HEAD' })).status).toBe(200);
    } finally {
      await moto.stop();
    }
  });
});
