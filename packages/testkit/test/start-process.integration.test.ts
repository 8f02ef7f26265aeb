import { connect } from 'node:net';
import { once } from 'node:events';
import { describeWithProgram, startMoto, startProcess, startRedis, waitFor } from '@aion/testkit';

const SLEEPER = ['-e', "process.stdout.write('up'); setInterval(() => undefined, 1000)"];
const STUBBORN = [
  '-e',
  "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); process.stdout.write('up')",
];

describe('startProcess', () => {
  it('waits until the process is ready, and stops it', async () => {
    const running = await startProcess({ args: SLEEPER, ready: (output) => output === 'up' });
    expect(running.output()).toBe('up');
    expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('kills a process that does not go', async () => {
    const running = await startProcess({ args: STUBBORN, ready: (output) => output === 'up' });
    expect(await running.stop('SIGTERM', 50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('gives the output of a process that ends or tarries before it is ready', async () => {
    const early = startProcess({ args: ['-e', "console.error('no luck'); process.exit(3)"], ready: () => false });
    await expect(early).rejects.toThrow(/ended before it was ready: \{"code":3,"signal":null\}\noutput:\nno luck/);
    const late = startProcess({ args: SLEEPER, ready: () => false, readyTimeoutMs: 300 });
    await expect(late).rejects.toThrow(/timed out after 300 ms waiting for .* to be ready/s);
  });

  it('names a program that cannot be started', async () => {
    await expect(startProcess({ program: '/nowhere/program', args: [] })).rejects.toThrow(
      '/nowhere/program cannot be started',
    );
  });

  it('takes variables out of the environment', async () => {
    const running = await startProcess({ args: ['-p', 'String(process.env.PATH)'], env: { PATH: undefined } });
    await running.exited;
    expect(running.output().trim()).toBe('undefined');
  });
});

describe('waitFor', () => {
  it('gives the first value that is true, past errors', async () => {
    let looks = 0;
    const look = () => {
      looks++;
      if (looks === 1) throw new Error('not yet');
      return looks === 3 && 'here';
    };
    expect(await waitFor(look, { describe: 'the third look', intervalMs: 1 })).toBe('here');
  });

  it('says what did not come, with the last error', async () => {
    const never = waitFor(() => Promise.reject(new Error('refused')), { describe: 'a miracle', timeoutMs: 5 });
    await expect(never).rejects.toMatchObject({
      message: 'timed out after 5 ms waiting for a miracle',
      cause: expect.objectContaining({ message: 'refused' }),
    });
  });
});

describeWithProgram('redis-server', 'startRedis', (programPath) => {
  it('gives a server that answers, and is gone after the stop', async () => {
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
  it('gives an S3 endpoint that keeps buckets', async () => {
    const moto = await startMoto(programPath);
    try {
      expect((await fetch(`${moto.endpoint}/a-bucket`, { method: 'PUT' })).status).toBe(200);
      expect((await fetch(`${moto.endpoint}/a-bucket`, { method: 'HEAD' })).status).toBe(200);
    } finally {
      await moto.stop();
    }
  });
});
