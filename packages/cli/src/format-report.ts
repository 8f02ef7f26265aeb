import type { VerificationCheck, VerificationReport } from '@aion/bundle';
import { styleText } from 'node:util';
import { toPlainText } from './output/to-plain-text.ts';

function formatCheck({ name, ok, message }: VerificationCheck, width: number): string {
  const mark = ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED');
  return `  ${mark}  ${toPlainText(name).padEnd(width)}  ${toPlainText(message)}\n`;
}

function formatVerdict(report: VerificationReport): string {
  if (!report.ok) return styleText('red', 'FAILED: do not rely on this bundle.\n');
  const notes = [
    ...(report.contentChecked ? [] : ['The content was not opened: give --identity FILE to check every row.']),
    ...(report.signerTrusted ? [] : ['Anybody may have signed it: give --signer FILE with the key that you trust.']),
  ];
  const verdict = report.contentChecked
    ? `OK: ${report.totals.rows} rows of ${report.totals.tables} tables are all there.`
    : `OK: ${report.totals.files} encrypted files are whole.`;
  return `${styleText('green', verdict)}\n${notes.map((note) => `${styleText('yellow', note)}\n`).join('')}`;
}

/** A report for people: a table of checks and a verdict. */
export function formatReport(report: VerificationReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  const title = `AION bundle ${toPlainText(report.exportId ?? '(unknown)')}\n`;
  return `${title}${report.checks.map((check) => formatCheck(check, width)).join('')}${formatVerdict(report)}`;
}
