import { parseArguments } from './parse-arguments.ts';
import { WrongOptionError } from './tool-errors.ts';

describe('parseArguments', () => {
  it('returns names and flags, and false for every absent flag', () => {
    expect(parseArguments(['age', '--json', 'zstd'])).toEqual({
      names: ['age', 'zstd'],
      all: false,
      list: false,
      json: true,
      help: false,
    });
  });

  it('throws an error that names an unknown option', () => {
    expect(() => parseArguments(['--jsn'])).toThrow(WrongOptionError);
    expect(() => parseArguments(['--jsn'])).toThrow("'--jsn'");
  });
});
