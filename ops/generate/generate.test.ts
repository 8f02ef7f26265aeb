import { types, variable } from '@aion/config';
import { createApiReference } from './api-reference.ts';
import { createDataMapDocument } from './data-map-document.ts';
import { createEnvironmentExample } from './environment-example.ts';
import { replaceSection } from './replace-section.ts';

describe('replaceSection', () => {
  it('replaces only the text between the marks of a section', () => {
    const document = 'a\n<!-- t:begin -->\nold\n<!-- t:end -->\nb';
    expect(replaceSection(document, 't', 'new')).toBe('a\n<!-- t:begin -->\n\nnew\n\n<!-- t:end -->\nb');
  });

  it('throws an error that names the marks when they are missing', () => {
    expect(() => replaceSection('a', 't', 'new')).toThrow('<!-- t:begin -->');
  });
});

describe('createEnvironmentExample', () => {
  const port = variable('PORT', types.port(), { description: 'The port.', example: '1', fallback: '2' });
  const url = variable('DATABASE_URL', types.text(), { description: 'The database.', example: 'postgres://x' });

  it('lists each variable once with its services and comments out defaults', () => {
    const text = createEnvironmentExample([
      { name: 'a', variables: { port, url } },
      { name: 'b', variables: { port } },
    ]);
    expect(text).toContain('# The port. (all services)\n# PORT=2');
    expect(text).toContain('# The database. (a)\nDATABASE_URL=postgres://x');
    expect(text.match(/PORT=/g)).toHaveLength(1);
  });
});

describe('createApiReference', () => {
  it('describes each public route once with its authorization', () => {
    const text = createApiReference();
    expect(text).toContain('a key with the scope `inference`');
    expect(text).not.toContain('/internal/');
    const sections = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(new Set(sections).size).toBe(sections.length);
    for (const section of sections) expect(text).toContain(`(#${section?.toLowerCase().replaceAll(' ', '-')})`);
  });
});

describe('createDataMapDocument', () => {
  it('lists every table once with its columns, and each retained table with a reason', () => {
    const text = createDataMapDocument();
    const listed = [...text.matchAll(/^\| \[(\w+)\]\(#\w+\) \|/gm)].map((match) => match[1]);
    expect(listed).toEqual([...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1]));
    expect(new Set(listed).size).toBe(listed.length);
    expect(text).toContain('| `key_hash` | secret | not exported: A keyed hash of a secret');
    expect(text).toMatch(/^- `erasure_ledger`, until the installation is shut down\. Proof/m);
  });
});
