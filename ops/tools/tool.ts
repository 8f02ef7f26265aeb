/** How a tool tells its version. The program is looked for beside the tool's first program. */
export interface VersionCommand {
  /** File name of the program to run, such as `ssh` for `ssh-keygen`, which cannot tell its own version. */
  program: string;
  args: string[];
  /** Its first group is the version; matched against standard output and standard error together. */
  pattern: RegExp;
}

interface ToolBase {
  /** What a person types. */
  name: string;
  /** What AION's tests need it for, in a few words. */
  summary: string;
  /** Left out unless it is named or `--all` is given. */
  optional?: true;
}

/** A tool from the operating system's packages. Its version is the distribution's. */
export interface DebianTool extends ToolBase {
  kind: 'debian';
  programs: string[];
  version: VersionCommand;
  packages: string[];
  /** Homebrew formulae, for the message that a person on macOS reads. */
  formulae: string[];
}

/** Programs of a Python distribution, in a virtual environment of their own. */
export interface PipTool extends ToolBase {
  kind: 'pip';
  programs: string[];
  version: VersionCommand;
  /** Requirement without its version, such as `moto[server]`. */
  requirement: string;
  pinned: string;
}

/** One data file that is published inside a Python wheel; it brings no program. */
export interface WheelTool extends ToolBase {
  kind: 'wheel';
  requirement: string;
  pinned: string;
  /** Path of the file inside the wheel. */
  member: string;
  bytes: number;
  sha256: string;
}

/**
 * A program that is compiled here from Go sources. What it is made of is fixed by the `go.mod` and `go.sum` of a module of
 * its own.
 */
export interface GoTool extends ToolBase {
  kind: 'go';
  programs: [string];
  version: VersionCommand;
  /** Folder of the module, relative to the catalogue's. */
  module: string;
  /** Import path of the program's main package. */
  mainPackage: string;
  pinned: string;
  /** Package variable that the linker sets to the version, without which the program does not know its own. */
  versionVariable: string;
}

/** A compiled program that is published inside an npm package. */
export interface NpmTool extends ToolBase {
  kind: 'npm';
  programs: [string];
  version: VersionCommand;
  package: string;
  pinned: string;
  /** What the program says its version is, which is not the package's. */
  programVersion: string;
  /** Path of the program inside the package. */
  member: string;
}

/** A tool whose programs are linked in the cache. */
export type LinkedTool = PipTool | GoTool | NpmTool;

/** A tool that is kept in the cache under its pinned version. */
export type CachedTool = LinkedTool | WheelTool;

/** One entry of the catalogue. A new kind is a member here and a case in `install-tool.ts`. */
export type Tool = DebianTool | CachedTool;

/** A tool that is present and answers. */
export interface InstalledTool {
  name: string;
  version: string;
  /** Absolute path of the tool's first program, or of its file. */
  path: string;
}
