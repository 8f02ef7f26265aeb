import { homedir } from 'node:os';
import { join } from 'node:path';
import { toolsBin, toolsCache } from './tools-cache.ts';

describe('toolsCache', () => {
  it('prefers AION_TOOLS_DIR, then XDG_CACHE_HOME, then the home directory', () => {
    expect(toolsCache({ AION_TOOLS_DIR: '/a', XDG_CACHE_HOME: '/x' })).toBe('/a');
    expect(toolsCache({ XDG_CACHE_HOME: '/x' })).toBe('/x/aion/tools');
    expect(toolsCache({})).toBe(join(homedir(), '.cache/aion/tools'));
  });

  it('treats an empty variable as absent', () => {
    expect(toolsCache({ AION_TOOLS_DIR: '', XDG_CACHE_HOME: '' })).toBe(toolsCache({}));
  });

  it('contains the links of programs in bin', () => {
    expect(toolsBin({ AION_TOOLS_DIR: '/a' })).toBe('/a/bin');
  });
});
