import { join } from 'node:path';
import ts from 'typescript';
import { root, type Snippet } from './snippets.js';

const parsed = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.json'),
  // Snippets show things without using them up.
  { noUnusedLocals: false, noUnusedParameters: false },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
)!;

/** A program of these files, as strict as the package itself, in which `nest-sessions` is `lib/`. */
export function programOf(files: readonly string[], before?: ts.Program): ts.Program {
  return ts.createProgram(files, parsed.options, undefined, before);
}

/** What the type checker has against the snippets, by their place in README.md. */
export function complaints(program: ts.Program, snippets: readonly Snippet[]): string[] {
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...snippets.flatMap(({ file }) => {
      const source = program.getSourceFile(file);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    }),
  ];
  return diagnostics.map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    const snippet = snippets.find((one) => one.file === file?.fileName);
    if (!file || !snippet) {
      return text;
    }
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `README.md:${line + 1 + snippet.offset} (${snippet.name}): ${text}`;
  });
}

/** The names that a module exports, types included. */
export function exportsOf(program: ts.Program, file: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(source)!).map(({ name }) => name);
}

/** The names of the public members of a type; symbols such as the iterator have none. */
export function membersOf(program: ts.Program, file: string, name: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file))!;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
  const found = exported.find((symbol) => symbol.name === name)!;
  const declared = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
  return checker
    .getDeclaredTypeOfSymbol(declared)
    .getProperties()
    .filter(({ declarations = [] }) => !declarations.some(isPrivate))
    .map((property) => property.name)
    .filter((property) => !property.startsWith('__'));
}

function isPrivate(declaration: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) !== 0;
}
