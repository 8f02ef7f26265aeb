import { generateSecrets } from './secrets.ts';

describe('generated secrets', () => {
  it('differ from each other and from those of another run', () => {
    const texts = [generateSecrets(), generateSecrets()].flatMap(({ databasePasswords, ...rest }) => [
      ...Object.values(databasePasswords),
      ...Object.values(rest),
    ]);
    expect(texts).toHaveLength(20);
    expect(new Set(texts).size).toBe(20);
  });

  it('have the forms that the services ask for', () => {
    const secrets = generateSecrets();
    expect(secrets.serviceTokenSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(secrets.signingKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(secrets.auditSigningKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });
});
