import type { VerificationCheck, VerificationReport } from '@aion/bundle';
import pc from 'picocolors';

/** What a bundle says may come from anybody: nothing of it may steer the terminal. */
function toPlainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function formatCheck({ name, ok, message }: VerificationCheck, width: number): string {
  const mark = ok ? pc.green('ok    ') : pc.red('FAILED');
  return `  ${mark}  ${toPlainText(name).padEnd(width)}  ${toPlainText(message)}\n`;
}

function formatVerdict(report: VerificationReport): string {
  if (!report.ok) return pc.red('FAILED: do not rely on this bundle.\n');
  const notes = [
    ...(report.contentChecked ? [] : ['The content was not opened: give --identity FILE to check every row.']),
    ...(report.signerTrusted ? [] : ['Anybody may have signed it: give --signer FILE with the key that you trust.']),
  ];
  const verdict = report.contentChecked
    ? `OK: ${report.totals.rows} rows of ${report.totals.tables} tables are all there.`
    : `OK: ${report.totals.files} encrypted files are whole.`;
  return `${pc.green(verdict)}\n${notes.map((note) => `${pc.yellow(note)}\n`).join('')}`;
}

/** A report for people: a table of checks and a verdict. */
export function formatReport(report: VerificationReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  const title = `AION bundle ${toPlainText(report.exportId ?? '(unknown)')}\n`;
  return `${title}${report.checks.map((check) => formatCheck(check, width)).join('')}${formatVerdict(report)}`;
}
