import express from 'express';
import type { Subject } from '../subject.ts';
import { createExpressApp } from './express-app.ts';

/** Creates express without any middleware, the reference of all others. */
export function createBareExpress(): Promise<Subject> {
  return createExpressApp(express());
}
