import { types, variable } from '@aion/config';
import { createApiReference } from './api-reference.ts';
import { createDataMapDocument } from './data-map-document.ts';
import { createEnvironmentExample } from './environment-example.ts';
import { replaceSection } from './replace-section.ts';

describe('a generated section', () => {
  it('replaces what stood between its marks, and nothing else', () => {
    const document = 'a\n<!-- t:begin -->\nold\n<!-- t:end -->\nb';
    expect(replaceSection(document, 't', 'new')).toBe('a\n<!-- t:begin -->\n\nnew\n\n<!-- t:end -->\nb');
  });

  it('is missed when its marks are not there', () => {
    expect(() => replaceSection('a', 't', 'new')).toThrow('<!-- t:begin -->');
  });
});

describe('the environment example', () => {
  const port = variable('PORT', types.port(), { description: 'The port.', example: '1', fallback: '2' });
  const url = variable('DATABASE_URL', types.text(), { description: 'The database.', example: 'postgres://x' });

  it('names each variable once with who reads it, and comments defaults out', () => {
    const text = createEnvironmentExample([
      { name: 'a', variables: { port, url } },
      { name: 'b', variables: { port } },
    ]);
    expect(text).toContain('# The port. (all services)\n# PORT=2');
    expect(text).toContain('# The database. (a)\nDATABASE_URL=postgres://x');
    expect(text.match(/PORT=/g)).toHaveLength(1);
  });
});

describe('the API reference', () => {
  it('describes each public route once, with what it needs', () => {
    const text = createApiReference();
    expect(text).toContain('a key with the scope `inference`');
    expect(text).not.toContain('/internal/');
    const sections = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(new Set(sections).size).toBe(sections.length);
    for (const section of sections) expect(text).toContain(`(#${section?.toLowerCase().replaceAll(' ', '-')})`);
  });
});

describe('the data map', () => {
  it('names every table once among the tables, with its columns, and says what is kept and why', () => {
    const text = createDataMapDocument();
    const listed = [...text.matchAll(/^\| \[(\w+)\]\(#\w+\) \|/gm)].map((match) => match[1]);
    expect(listed).toEqual([...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1]));
    expect(new Set(listed).size).toBe(listed.length);
    expect(text).toContain('| `key_hash` | secret | not exported: A keyed hash of a secret');
    expect(text).toMatch(/^- `erasure_ledger`, until the installation is closed\. Proof/m);
  });
});
