import type { VerificationReport } from '@aion/bundle';
import { formatReport } from './format-report.ts';

const report: VerificationReport = {
  ok: true,
  contentChecked: true,
  signerTrusted: true,
  exportId: 'export-1',
  signer: 'ssh-ed25519 AAAA',
  checks: [{ name: 'structure', ok: true, message: '14 files' }],
  totals: { files: 5, bytes: 100, tables: 2, rows: 30 },
};

describe('formatReport', () => {
  it('lists the checks and reports success', () => {
    const text = formatReport(report);
    expect(text).toContain('AION bundle export-1');
    expect(text).toMatch(/ok .*structure {2}14 files/);
    expect(text).toContain('OK: 30 rows of 2 tables are complete.');
    expect(text).not.toContain('--');
  });

  it('reports what was not checked', () => {
    const text = formatReport({ ...report, contentChecked: false, signerTrusted: false });
    expect(text).toContain('OK: 5 encrypted files are intact.');
    expect(text).toContain('--identity');
    expect(text).toContain('--signer');
  });

  it('does not report a failed bundle as intact', () => {
    const text = formatReport({ ...report, ok: false, checks: [{ name: 'signature', ok: false, message: 'altered' }] });
    expect(text).toMatch(/FAILED.* signature {2}altered/);
    expect(text).not.toContain('OK:');
  });

  it('replaces control characters from a bundle', () => {
    const checks = [{ name: 'table \u001b[2Jx', ok: true, message: 'a\r\nb\u009b31m\u202e' }];
    const plain = formatReport({ ...report, exportId: 'x\u0007y', checks });
    expect(plain).toContain('x\ufffdy');
    expect(plain).toContain('table \ufffd[2Jx');
    expect(plain).toContain('a\ufffd\ufffdb\ufffd31m\ufffd');
  });
});
