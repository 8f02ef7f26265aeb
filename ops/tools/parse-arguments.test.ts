import { parseArguments } from './parse-arguments.ts';
import { WrongOptionError } from './tool-errors.ts';

describe('parseArguments', () => {
  it('gives names and flags, and false for every flag that is absent', () => {
    expect(parseArguments(['age', '--json', 'zstd'])).toEqual({
      names: ['age', 'zstd'],
      all: false,
      list: false,
      json: true,
      help: false,
    });
  });

  it('names an unknown option', () => {
    expect(() => parseArguments(['--jsn'])).toThrow(WrongOptionError);
    expect(() => parseArguments(['--jsn'])).toThrow("'--jsn'");
  });
});
