export { default as Button } from './Button.svelte';
export { default as Dialog } from './Dialog.svelte';
export { default as Field } from './Field.svelte';
export { default as Notice } from './Notice.svelte';
export { default as PasswordField } from './PasswordField.svelte';
export { default as Spinner } from './Spinner.svelte';
export { Session, type SessionTimes } from './session.svelte.ts';
export { Submission } from './submission.svelte.ts';
