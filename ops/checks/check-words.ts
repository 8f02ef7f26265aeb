import ts from 'typescript';
import type { Finding } from './select-findings.ts';

/** A banned phrase and the terms that replace it. */
export interface BannedPhrase {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Parses the "not | but" table of the glossary: phrases in backticks, then the terms to use. */
export function parseBannedPhrases(glossary: string): readonly BannedPhrase[] {
  return [...glossary.matchAll(/^\|((?: *`[^`]+`,?)+) *\|(.+)\|$/gm)].map(([, phrases = '', instead = '']) => {
    const words = [...phrases.matchAll(/`([^`]+)`/g)].map(([, phrase = '']) => phrase.replaceAll(' ', '[\\s*/]+'));
    return { pattern: new RegExp(`(?<![\\w./-])(?:${words.join('|')})(?![\\w/-])`, 'gi'), instead: instead.trim() };
  });
}

const CODE = /```[\s\S]*?```|`[^`\n]*`|\]\([^)\s]*\)|https?:\S+/g;
const PROSE =
  /(^|\.)(describe|it|test|description|summary|option|argument)(\.(only|skip|failing))?$|\.each\b.*\)$|log(ger)?\??\.\w+$|Error$/is;
const OPENING: BannedPhrase = {
  pattern: /(?<=^[\s/*]*)(?:What|Those who|Where|How|Who|Whose|Whether)\b/g,
  instead: 'begin with a verb (function) or a noun phrase (type)',
};

/** Finds banned phrases in Markdown, or in comments, log messages, error texts, test titles and descriptions of code. */
export function checkWords(path: string, text: string, banned: readonly BannedPhrase[]): readonly Finding[] {
  const pieces = path.endsWith('.md') ? [{ start: 0, prose: text, isDoc: false }] : collectProse(path, text);
  return pieces.flatMap(({ start, prose, isDoc }) => {
    const plain = prose.replace(CODE, (code) => code.replace(/[^\n]/g, '`'));
    return (isDoc ? [...banned, OPENING] : banned).flatMap(({ pattern, instead }) =>
      [...plain.matchAll(pattern)].map(({ 0: found, index }) => {
        const line = text.slice(0, start + index).split('\n').length;
        return { path, line, message: `"${found.replace(/[\s*/]+/g, ' ')}" -> ${instead}` };
      }),
    );
  });
}

function collectProse(path: string, text: string): { start: number; prose: string; isDoc: boolean }[] {
  const pieces = new Map<number, { start: number; prose: string; isDoc: boolean }>();
  const visit = (node: ts.Node, inProse: boolean): void => {
    const comments = [ts.getLeadingCommentRanges(text, node.pos), ts.getTrailingCommentRanges(text, node.end)];
    for (const { pos, end } of comments.flatMap((ranges) => ranges ?? []))
      pieces.set(pos, { start: pos, prose: text.slice(pos, end), isDoc: text.startsWith('/**', pos) });
    if (inProse && (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)))
      pieces.set(node.end, { start: node.getStart() + 1, prose: node.text, isDoc: false });
    const call = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : undefined;
    const opens = call !== undefined && PROSE.test(call.getText());
    const isText = ts.isPropertyAssignment(node) && /^(description|help|purpose|summary)$/.test(node.name.getText());
    for (const child of node.getChildren())
      if (!ts.isJSDoc(child))
        visit(child, (inProse || isText || (opens && child !== call)) && !ts.isFunctionLike(child));
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), false);
  return [...pieces.values()];
}
