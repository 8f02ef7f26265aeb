import express from 'express';
import promBundle from 'express-prom-bundle';
import type { Subject } from '../subject.ts';
import { createExpressApp } from './express-app.ts';

/** Express with nothing around it: what all others are compared with. */
export function createBareExpress(): Promise<Subject> {
  return createExpressApp(express());
}

/** Express behind express-prom-bundle, with the labels that AION's metrics have. */
export function createExpressPromBundle(): Promise<Subject> {
  const middleware = promBundle({ includeMethod: true, includePath: true, includeStatusCode: true });
  return createExpressApp(express(), [middleware]);
}
