import ts from 'typescript';
import type { Finding } from './select-findings.ts';

const GROUP = /(-store|-errors|\/types)\.ts$/;

/**
 * Checks that the name of a source file consists of consecutive words of the name of one of its exports: both
 * `createKeyCache` and `KeyCache` may be the main export of `key-cache.ts`. Singular and plural count as equal.
 * Files that group functions or types of one kind are exempt: `x-store.ts` (SQL), `x-errors.ts`, `types.ts`.
 * So are files that only re-export.
 */
export function checkFileName(path: string, text: string): readonly Finding[] {
  if (GROUP.test(path)) return [];
  const exports = readExportNames(path, text);
  const name = toWords(/([^/]+)\.ts$/.exec(path)?.[1] ?? '');
  if (exports.length === 0 || exports.some((exported) => toWords(exported).includes(name))) return [];
  const names = exports.slice(0, 3).join(', ');
  return [{ path, line: 1, message: `file is named after none of its exports (${names})` }];
}

/** Splits a camelCase, PascalCase, CONSTANT_CASE or kebab-case name into singular words: `-key-cache-`. */
function toWords(name: string): string {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1-$2').replace(/([A-Z])([A-Z][a-z])/g, '$1-$2');
  const singular = words
    .toLowerCase()
    .split(/[-_.]/)
    .map((word) => word.replace(/ies$/, 'y').replace(/(?<!s)s$/, ''));
  return `-${singular.join('-').replace(/open-(?=ai|api)/g, 'open')}-`;
}

function readExportNames(path: string, text: string): readonly string[] {
  const names: string[] = [];
  for (const statement of ts.createSourceFile(path, text, ts.ScriptTarget.Latest).statements) {
    const isList = ts.isExportDeclaration(statement) && statement.moduleSpecifier === undefined;
    if (isList && statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause))
      names.push(...statement.exportClause.elements.map((element) => element.name.text));
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
    for (const { name } of declarations as readonly { readonly name?: ts.Node }[])
      if (name !== undefined && ts.isIdentifier(name)) names.push(name.text);
  }
  return names;
}
