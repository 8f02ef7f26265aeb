import { loadConfig } from './load-config.ts';
import { metricsVariables } from './metrics-variables.ts';

const subjectsOf = (text: string) => loadConfig(metricsVariables, { AION_METRICS_SUBJECTS: text }).metricsSubjects;

describe('metrics variables', () => {
  it('default to all subjects without OpenTelemetry names', () => {
    expect(loadConfig(metricsVariables, {})).toEqual({
      metricsEnabled: true,
      metricsSubjects: ['http', 'db', 'ai', 'queue'],
      metricsGenAi: false,
    });
  });

  it.each<[string, readonly string[]]>([
    ['db', ['db']],
    [' queue , http,queue', ['http', 'queue']],
    ['none', []],
  ])('parse the subjects %j', (text, subjects) => {
    expect(subjectsOf(text)).toEqual(subjects);
  });

  it.each(['htp', 'http,htp', 'HTTP', 'http,', 'none,http'])(
    'reject the subjects %j and list the known ones',
    (text) => {
      expect(() => subjectsOf(text)).toThrow(
        /AION_METRICS_SUBJECTS is ".*": ".*" is unknown: .*http, db, ai, queue, or none/,
      );
    },
  );
});
