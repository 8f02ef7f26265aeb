import { generateSecrets } from './secrets.ts';

describe('generateSecrets', () => {
  it('generates secrets that differ from each other and from those of another call', () => {
    const texts = [generateSecrets(), generateSecrets()].flatMap(({ databasePasswords, ...rest }) => [
      ...Object.values(databasePasswords),
      ...Object.values(rest),
    ]);
    expect(texts).toHaveLength(20);
    expect(new Set(texts).size).toBe(20);
  });

  it('generates secrets in the formats that the services require', () => {
    const secrets = generateSecrets();
    expect(secrets.serviceTokenSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(secrets.signingKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(secrets.auditSigningKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });
});
