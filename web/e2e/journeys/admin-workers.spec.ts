import { expect, open, signIn, test, WORKERS } from '../support/staff.ts';

test('a worker is suspended, unlocked, and made to choose a new password', async ({ page, world }) => {
  const ingrid = await world.as(WORKERS.intake);
  await open(page, world, WORKERS.systemAdministrator, '/workers');
  await expect(page.getByRole('button', { name: /Robin Ashdown/ })).toHaveCount(0);

  await page.getByRole('button', { name: 'Suspend: Ingrid Solberg' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('signed out everywhere at once');
  await dialog.getByRole('button', { name: 'Suspend' }).click();
  await expect(page.getByText('Ingrid Solberg is suspended.')).toBeVisible();
  await expect(ingrid.ask('GET', '/me')).rejects.toThrow('401');

  await page.goto(world.admin);
  await expect(page.getByText('Ingrid Solberg: Suspended')).toBeVisible();
  await page.getByRole('link', { name: 'Go to Workers' }).click();
  await page.getByRole('button', { name: 'Unlock: Ingrid Solberg' }).click();
  await dialog.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('Ingrid Solberg is unlocked.')).toBeVisible();

  await page.getByRole('button', { name: 'Reset password: Ingrid Solberg' }).click();
  await dialog.getByRole('button', { name: 'Reset password' }).click();
  await expect(page.getByText('The link is on its way.')).toBeVisible();
  await world.mails(WORKERS.intake.email);

  await page.context().clearCookies();
  await page.goto(world.admin);
  await signIn(page, WORKERS.intake);
  await expect(page.getByText('A new password is needed')).toBeVisible();
  await page.getByRole('button', { name: 'Mail me the link' }).click();
  await expect(page.getByText('is on its way')).toBeVisible();
  await page.goto(await world.link(WORKERS.intake.email, 'reset', 2));
  await page.getByRole('textbox', { name: 'New password' }).fill('seven lanterns under the harbour');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByRole('heading', { name: 'Your password is changed' })).toBeVisible();
});

test('keeping a worker as they are changes nothing', async ({ page, world }) => {
  await open(page, world, WORKERS.systemAdministrator, '/workers');
  const suspend = page.getByRole('button', { name: 'Suspend: Ingrid Solberg' });
  await suspend.click();
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(suspend).toBeFocused();
  await expect(world.as(WORKERS.intake)).resolves.toBeTruthy();
});
