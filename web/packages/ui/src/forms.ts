// What only some pages need: apart, so that the clients' first page doesn't carry it.
export { default as Checkbox } from './Checkbox.svelte';
export { Intent } from './intent.ts';
export { default as NewPassword } from './NewPassword.svelte';
export { default as Select } from './Select.svelte';
export { default as TextArea } from './TextArea.svelte';
