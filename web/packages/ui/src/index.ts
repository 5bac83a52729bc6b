export * from './core.ts';
export * from './forms.ts';
