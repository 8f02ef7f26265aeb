import { createWaitingLine } from './waiting-line.ts';

const full = (options: { maxWaiting?: number; waitMs?: number } = {}) => {
  const line = createWaitingLine({ places: 1, maxWaiting: 10, waitMs: 60_000, ...options });
  return line.enter().then(() => line);
};

describe('the line for connections', () => {
  it('gives each place that is left to who has waited longest', async () => {
    const line = await full();
    const order: string[] = [];
    const entered = ['first', 'second'].map((name) => line.enter().then(() => order.push(name)));
    expect(line.waiting).toBe(2);
    line.leave();
    await entered[0];
    expect([order, line.waiting]).toEqual([['first'], 1]);
    line.leave();
    await entered[1];
    line.leave();
    await line.enter();
    expect(line.waiting).toBe(0);
  });

  it('gives a place to nobody who comes while it goes from hand to hand', async () => {
    const line = await full({ maxWaiting: 1 });
    const waiting = line.enter();
    line.leave();
    const late = line.enter();
    await waiting;
    expect(line.waiting).toBe(1);
    line.leave();
    await late;
  });

  it('turns away who finds it full, and who has waited too long', async () => {
    const line = await full({ maxWaiting: 1, waitMs: 30 });
    const waiting = line.enter();
    await expect(line.enter()).rejects.toMatchObject({
      reason: 'line_full',
      code: 'UNAVAILABLE',
      retryAfterSeconds: 1,
    });
    await expect(waiting).rejects.toMatchObject({ reason: 'timeout', code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect(line.waiting).toBe(0);
  });

  it('is left by who has gone, and the place goes to the next', async () => {
    const line = await full();
    const leaving = new AbortController();
    const gone = line.enter(leaving.signal);
    const next = line.enter();
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    expect(line.waiting).toBe(1);
    line.leave();
    await next;
    await expect(line.enter(leaving.signal)).rejects.toThrow('gone');
  });
});
