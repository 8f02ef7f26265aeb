import type { InstallReporter } from '../install-tools.ts';

/** Reporter that records each event as a short text. */
export interface RecordingReporter extends InstallReporter {
  events: string[];
}

/** Creates a {@link RecordingReporter}. */
export function createRecordingReporter(): RecordingReporter {
  const events: string[] = [];
  return {
    events,
    waiting: () => void events.push('waiting'),
    started: (name) => void events.push(`started ${name}`),
    line: (name, line) => void events.push(`${name}: ${line}`),
    finished: (result) => void events.push(`${result.state} ${result.name}`),
  };
}
