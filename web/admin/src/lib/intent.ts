export { Intent } from '@clientconnect/ui';
