import { loadConfig } from './load-config.ts';
import { metricsVariables } from './metrics-variables.ts';

const subjectsOf = (text: string) => loadConfig(metricsVariables, { AION_METRICS_SUBJECTS: text }).metricsSubjects;

describe('the variables of metrics', () => {
  it('measure everything, without the names of OpenTelemetry, unless told otherwise', () => {
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
  ])('read the subjects %j', (text, subjects) => {
    expect(subjectsOf(text)).toEqual(subjects);
  });

  it.each(['htp', 'http,htp', 'HTTP', 'http,', 'none,http'])('refuse %j and list what is known', (text) => {
    expect(() => subjectsOf(text)).toThrow(
      /AION_METRICS_SUBJECTS is ".*": ".*" is not known: .*http, db, ai, queue, or none/,
    );
  });
});
