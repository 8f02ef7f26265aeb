/**
 * Replaces the text between `<!-- name:begin -->` and `<!-- name:end -->` of a Markdown document.
 *
 * @throws Error when the document has no such section
 */
export function replaceSection(document: string, name: string, text: string): string {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The document has no section "${name}": add ${begin} and ${end}.`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
