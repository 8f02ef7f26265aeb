import { PassThrough } from 'node:stream';
import { CancelledError, UsageError } from '../usage-error.ts';
import { confirm } from './confirm.ts';

function createPerson(answer: string | undefined, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  input.end(answer);
  return { input, output };
}

describe('confirm', () => {
  it('goes on after yes, having said what will be done', async () => {
    const person = createPerson('yes\n');
    await confirm('This deletes x', person);
    expect(String(person.output.read())).toBe('This deletes x.\nType "yes" to go on: ');
  });

  it.each([['no\n'], ['y\n'], ['\n'], [undefined]])('stops after %j', async (answer) => {
    await expect(confirm('This deletes x', createPerson(answer))).rejects.toThrow(CancelledError);
  });

  it('asks nobody where there is no terminal', async () => {
    const person = createPerson('yes\n', false);
    await expect(confirm('This deletes x', person)).rejects.toThrow(UsageError);
    await expect(confirm('This deletes x', person)).rejects.toThrow('add --yes');
  });
});
