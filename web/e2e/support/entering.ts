import { expect, type Page } from '@playwright/test';
import { WORKERS, type Colleague, type World } from './world.ts';

/** A password that nobody guesses. */
export const PASSWORD = 'walrus teapot drizzle moon';

export const EXPIRE = 'clientconnect-dev-jobs-expire-activations';

/** An individual of the demo who has no account yet. */
export interface Person {
  name: string;
  email: string;
  birth_date: string;
}

export const MAYA: Person = {
  name: 'Maya Ferris',
  email: 'maya.ferris@example.com',
  birth_date: '1988-04-12',
};
export const CHLOE: Person = {
  name: 'Chloé Desrosiers',
  email: 'chloe.desrosiers@example.com',
  birth_date: '1994-09-03',
};

/** Somebody's account, as the worker who created it has it at hand. */
export interface Invited {
  worker: Colleague;
  /** In the workers' API. */
  individual: string;
  account: string;
  link: string;
}

/** A worker creates somebody's account; the link lies in the mailbox. */
export async function invite(world: World, person: Person): Promise<Invited> {
  const worker = await world.as(WORKERS.intake);
  const individual = `/individuals/${await worker.find(person.name)}`;
  const created = await worker.ask<{ account: { account_id: string } }>('POST', `${individual}/accounts`, {});
  const account = `${individual}/accounts/${created.account.account_id}`;
  return { worker, individual, account, link: await world.link(person.email, 'activate') };
}

/** From the first page of an activation to the birth date. */
export async function acceptTexts(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByLabel('I have read the privacy policy').check();
  await page.getByLabel('I have read the terms of use').check();
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('heading', { name: 'Your date of birth' })).toBeVisible();
}

/** Types a birth date and goes on. */
export async function typeBirthDate(page: Page, date: string): Promise<void> {
  const [year, month, day] = date.split('-').map((part) => String(Number(part)));
  await page.getByLabel('Day').fill(day ?? '');
  await page.getByLabel('Month').selectOption(month ?? '');
  await page.getByLabel('Year').fill(year ?? '');
  await page.getByRole('button', { name: 'Go on' }).click();
}

/** Types a new password and submits the activation. */
export async function finish(page: Page): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up my account' }).click();
}

/** Fills in the sign-in form that shows. */
export async function signIn(page: Page, email: string, password: string | undefined): Promise<void> {
  await page.getByRole('textbox', { name: 'Email address', exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password ?? '');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Signs in on the sign-in page and waits for home. */
export async function enter(
  page: Page,
  world: World,
  who: { email: string; password?: string },
): Promise<void> {
  await page.goto(`${world.portal}/sign-in`);
  await signIn(page, who.email, who.password);
  await page.waitForURL(`${world.portal}/`);
}
