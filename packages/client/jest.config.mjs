import { definePackage } from '../../jest.preset.mjs';

export default definePackage(import.meta.dirname);
