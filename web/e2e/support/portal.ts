import { expect, type DemoClient, type Page, type World } from './world.ts';

/** Signs a client of the demo in as they do it themselves, and waits for the start page. */
export async function signInToPortal(
  page: Page,
  world: World,
  client: Pick<DemoClient, 'email' | 'password'>,
): Promise<void> {
  await page.goto(`${world.portal}/sign-in`);
  await page.getByRole('textbox', { name: /email|courriel|correo/i }).fill(client.email);
  await page
    .getByRole('textbox', { name: /^(password|mot de passe|contraseña)$/i })
    .fill(client.password ?? '');
  await page
    .locator('form')
    .getByRole('button', { name: /^(sign in|se connecter|me connecter|iniciar sesión)$/i })
    .click();
  await expect(page).toHaveURL(`${world.portal}/`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Whether this browser is still signed in, as the server sees it. */
export async function isSignedIn(page: Page, world: World): Promise<boolean> {
  const answer = await page.request.get(`${world.portal}/api/portal/v1/home`);
  expect([200, 401]).toContain(answer.status());
  return answer.status() === 200;
}
