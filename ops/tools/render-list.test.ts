import { catalogue } from './catalogue.ts';
import { listTools, renderList } from './render-list.ts';

describe('renderList', () => {
  it('shows the version of an installed tool and a dash for a missing one', () => {
    const tools = catalogue.filter((tool) => ['age', 'smollm2'].includes(tool.name));
    const listings = listTools(tools, [{ name: 'age', version: '1.1.1', path: '/usr/bin/age' }]);
    const [heading, age, smollm2] = renderList(listings).split('\n');
    expect(heading).toMatch(/^name +installed +kind +set +for +path$/);
    expect(age).toMatch(/^age +1\.1\.1 +debian +default +decrypts .* \/usr\/bin\/age$/);
    expect(smollm2).toMatch(/^smollm2 +- +wheel +optional /);
  });
});
