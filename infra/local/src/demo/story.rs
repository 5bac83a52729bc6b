//! What has happened at the demo agency before anybody looks: accounts in every state, each brought there by the
//! operations that people would use, at the hours when they would have.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::browser::Browser;
use super::{Demo, DemoError};
use crate::gateway::Site;
use crate::local::Local;

/// How often, and how many times, the mailbox is looked into for a mail.
const LOOKS: (Duration, u32) = (Duration::from_millis(20), 1_000);
/// Wrong passwords that lock an account at the demo agency (A10).
const WRONG_PASSWORDS: usize = 10;

/// One individual's account, from its first step to where it stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Story {
    external_id: String,
    birth_date: String,
    email: String,
    password: Option<String>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    hours_ago: i64,
    #[serde(rename = "do")]
    deed: Deed,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Create,
    WithdrawConsent,
    Suspend,
    Disable,
    Close,
    ForcePasswordReset,
    Activate,
    WrongBirthDate,
    AskForInvitation,
    SignIn,
    WrongPasswords,
}

/// When the first story begins.
pub(super) fn beginning(stories: &[Story], now: DateTime<Utc>) -> DateTime<Utc> {
    let hours = stories.iter().flat_map(|story| &story.steps).map(|step| step.hours_ago).max();
    // The day before, the agency is set up.
    now - TimeDelta::hours(hours.unwrap_or_default() + 24)
}

/// Tells the stories in the order of time, moving the clock from step to step.
pub(super) async fn tell(
    demo: &Demo,
    local: &Local,
    origins: (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let mut steps: Vec<(&Story, Step)> =
        demo.stories.iter().flat_map(|story| story.steps.iter().map(move |step| (story, *step))).collect();
    steps.sort_by_key(|(_, step)| -step.hours_ago);
    for (story, step) in steps {
        pass_time(local, now - TimeDelta::hours(step.hours_ago)).await?;
        // What a worker does, each time signed in anew: no session lasts from step to step.
        let teller = Teller { demo, local, story, portal: origins.0, admin: origins.1 };
        teller.tell(step.deed).await?;
    }
    Ok(())
}

/// Moves the clock there, and does what has become due on the way.
pub(super) async fn pass_time(local: &Local, to: DateTime<Utc>) -> Result<(), DemoError> {
    if local.aws().clock().now() < to {
        local.set_clock(to)?;
        for job in ["jobs.remind_before_expiry", "jobs.expire_activations"] {
            local.invoke(job, json!({})).await?;
        }
    }
    Ok(())
}

struct Teller<'a> {
    demo: &'a Demo,
    local: &'a Local,
    story: &'a Story,
    portal: &'a str,
    admin: &'a str,
}

impl Teller<'_> {
    async fn tell(&self, deed: Deed) -> Result<(), DemoError> {
        match deed {
            Deed::Create => self.by_worker("accounts", Method::POST, json!({}), false).await,
            Deed::WithdrawConsent => {
                let body = json!({ "email_contact_id": null, "confirmed": true });
                self.by_worker("communication-settings", Method::PUT, body, false).await
            }
            Deed::Suspend => self.by_worker("suspend", Method::POST, json!({}), true).await,
            Deed::Disable => self.by_worker("disable", Method::POST, json!({}), true).await,
            Deed::Close => self.by_worker("close", Method::POST, json!({}), true).await,
            Deed::ForcePasswordReset => self.by_worker("force-reset", Method::POST, json!({}), true).await,
            Deed::Activate => self.activate(&self.story.birth_date, true).await,
            Deed::WrongBirthDate => self.activate("1901-02-03", false).await,
            Deed::AskForInvitation => {
                let body = json!({ "token": self.token().await? });
                self.client().ask("asking for an invitation", Method::POST, "/links/ask", &body).await?;
                Ok(())
            }
            Deed::SignIn => self.sign_in(self.password(), true).await,
            Deed::WrongPasswords => {
                for _ in 0..WRONG_PASSWORDS {
                    self.sign_in("none of the right words", false).await?;
                }
                Ok(())
            }
        }
    }

    /// A worker's request about the individual, or about their account.
    async fn by_worker(
        &self,
        path: &str,
        method: Method,
        body: Value,
        of_account: bool,
    ) -> Result<(), DemoError> {
        let mut staff = self.demo.staff(self.local, self.admin).await?;
        let wanted = json!({ "external_id": { "source": "demo", "id": self.story.external_id } });
        let found = staff.ask("finding somebody", Method::POST, "/individuals/search", &wanted).await?;
        let id = text(&found, "/individuals/0/individual_id");
        let mut place = format!("/individuals/{id}/{path}");
        if of_account {
            let record = format!("/individuals/{id}");
            let record = staff.ask("reading a record", Method::GET, &record, &Value::Null).await?;
            place = format!("/individuals/{id}/accounts/{}/{path}", text(&record, "/account/account_id"));
        }
        staff.ask("a worker's step", method, &place, &body).await?;
        Ok(())
    }

    async fn activate(&self, birth_date: &str, right: bool) -> Result<(), DemoError> {
        let body = json!({
            "token": self.token().await?,
            "birth_date": birth_date,
            "password": self.password(),
            "accepted_privacy_version": 1,
            "accepted_terms_version": 1,
        });
        self.client().expect(right, "activating", Method::POST, "/activation", &body).await
    }

    async fn sign_in(&self, password: &str, right: bool) -> Result<(), DemoError> {
        let body = json!({ "email": self.story.email, "password": password });
        self.client().expect(right, "a client's signing in", Method::POST, "/session", &body).await
    }

    fn client(&self) -> Browser<'_> {
        Browser::new(self.local, Site::Portal, self.portal)
    }

    /// Where a story has no password, the account is never activated.
    fn password(&self) -> &str {
        self.story.password.as_deref().unwrap_or("never in use, but long enough")
    }

    /// The secret of the newest link in the client's mailbox.
    async fn token(&self) -> Result<String, DemoError> {
        let (pause, times) = LOOKS;
        for _ in 0..times {
            let mails = self.local.mails()?;
            let newest = mails.iter().rev().filter(|mail| mail.to.contains(&self.story.email.to_lowercase()));
            let mut links = newest.filter_map(|mail| mail.text.split("/activate#").nth(1));
            if let Some(token) = links.next().and_then(|link| link.split_whitespace().next()) {
                return Ok(token.to_owned());
            }
            tokio::time::sleep(pause).await;
        }
        Err(DemoError::Answer { step: "looking for the invitation", answer: "no mail".to_owned() })
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
