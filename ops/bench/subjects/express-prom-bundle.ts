import express from 'express';
import promBundle from 'express-prom-bundle';
import type { Subject } from '../subject.ts';
import { createExpressApp } from './express-app.ts';

/** Creates express with express-prom-bundle and the labels of AION's metrics. */
export function createExpressPromBundle(): Promise<Subject> {
  const middleware = promBundle({ includeMethod: true, includePath: true, includeStatusCode: true });
  return createExpressApp(express(), [middleware]);
}
