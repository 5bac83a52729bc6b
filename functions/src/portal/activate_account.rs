//! Turns a Pending account into an Active one and signs the client in (A5–A7).

use credentials::{LinkOf, LinkToken, Password, PasswordHash};
use domain::account::{Account, Changed, Judged, Reason, Refused};
use domain::id::AccountId;
use domain::journal::{Actor, Audience};
use domain::session::{AuthLevel, Holder};
use domain::settings::{Settings, Texts};
use domain::throttle::LINK_USE;
use domain::{BirthDate, Individual};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Counted, Versioned, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{self, refuses_passwords};
use crate::problem::{Failure, refusals};
use crate::signing_in::SessionTimes;
use crate::throttling::Who;

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;

/// Activates an account.
pub struct ActivateAccount;

/// What the submitted form says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// From the link's fragment, or as typed.
    pub token: String,
    /// `YYYY-MM-DD`; three wrong ones close the account.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub birth_date: String,
    /// The password the client chose.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
    /// The version of the privacy policy that was shown and accepted.
    pub accepted_privacy_version: u32,
    /// The version of the terms of use that was shown and accepted.
    pub accepted_terms_version: u32,
}

/// The client is signed in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The account.
    pub account_id: AccountId,
    /// Where the link that brought the client was pointing (B4); else home.
    pub landing: Option<String>,
    /// When the session ends.
    pub session: SessionTimes,
}

refusals! {
    /// Why an account isn't activated.
    pub enum Error {
        /// Not a token of ours.
        LinkNotValid => 404, "link_not_valid", "This is not a link of ours; copy it whole from the newest mail";
        /// A newer mail has a newer link.
        LinkSuperseded => 410, "link_superseded", "A newer mail was sent; use the link in it";
        /// Its time is over (A8).
        LinkExpired => 410, "link_expired", "The time to use this link is over; ask for a new invitation";
        /// The account is closed.
        LinkClosed => 410, "link_closed", "This invitation was closed; ask for a new one";
        /// Done already.
        AlreadyActive => 409, "already_active", "The account is active already; sign in";
        /// Consent to email isn't in force (B2).
        ConsentNeeded => 409, "consent_needed", "The agency needs consent to email first; contact the agency";
        /// ClientConnect is off (C1, C2).
        PortalOff => 503, "portal_off", "The portal is not open right now; contact the agency";
        /// Wrong (A6).
        BirthDateWrong {
            /// How many may still be tried.
            attempts_left: u8,
        } => 422, "birth_date_wrong", "This is not the birth date the agency has; try again";
        /// Wrong for the third time: closed (A7).
        BirthDateThirdMiss => 410, "birth_date_third_miss", "The birth date did not match three times; contact the agency";
        /// Other versions than the current ones, or none.
        TermsNotAccepted => 409, "terms_not_accepted", "Read and accept the current privacy policy and terms of use";
        /// Fewer characters than the agency asks for.
        PasswordTooShort {
            /// How many it needs.
            minimum: u8,
        } => 422, "password_too_short", "Choose a longer password; a few words together work well";
        /// More characters than can be kept.
        PasswordTooLong {
            /// The most there may be.
            maximum: u8,
        } => 422, "password_too_long", "Choose a shorter password";
        /// Common, or made of name, address or agency.
        PasswordGuessable => 422, "password_guessable", "This password is easy to guess; choose words that don't belong together";
    }
}

refuses_passwords!(Error);

impl HttpOperation for ActivateAccount {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let token = context.services.links().await?.read(&request.token).ok_or(Error::LinkNotValid)?;
        context.throttle("link_use", LINK_USE, Who::default()).await?;
        let LinkToken { of: LinkOf::Activation(id), generation } = token else {
            return Err(Error::LinkNotValid.into());
        };
        let given: BirthDate = request.birth_date.parse().map_err(invalid_birth_date)?;

        let store = &context.services.store;
        let (account, settings) = store.ask((ask::account(id), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        let account = account.ok_or(Error::LinkNotValid)?;
        let individual =
            store.ask(ask::individual(account.value.individual)).await?.ok_or(Error::LinkNotValid)?.value;

        // Whatever the client can mend comes first: it must not cost an attempt.
        account
            .value
            .check_link(&individual, &settings, context.now, generation)
            .or_else(|refusal| open_to_closing(&refusal))?;
        let accepted = Texts {
            privacy: Some(request.accepted_privacy_version),
            terms: Some(request.accepted_terms_version),
        };
        if accepted != settings.texts {
            return Err(Error::TermsNotAccepted.into());
        }
        passwords::judge(&request.password, &individual.name, &account.email, &settings)
            .map_err(Error::from)?;

        let account = match store.claim_birth_date_attempt(id, generation, context.now).await? {
            Counted::Yes(account) => account,
            Counted::No(account) => {
                let account = account.ok_or(Error::LinkNotValid)?;
                if account.is_abandoned(context.now) {
                    record_miss(context, account, &individual).await?;
                    return Err(Error::BirthDateThirdMiss.into());
                }
                let usable = account.check_link(&individual, &settings, context.now, generation);
                return Err(usable.err().as_ref().map_or_else(Failure::conflict, not_claimed));
            }
        };
        match account.value.judge_birth_date(&individual, given) {
            Judged::Matched => {}
            Judged::Missed { left } => {
                record_miss(context, account, &individual).await?;
                return Err(Error::BirthDateWrong { attempts_left: left }.into());
            }
            Judged::LastMiss => {
                record_miss(context, account, &individual).await?;
                return Err(Error::BirthDateThirdMiss.into());
            }
        }
        let hash = context.hash(&request.password)?;
        let decide = |account: &Account| {
            account.activate(&individual, &settings, context.now, generation, given, accepted)
        };
        activate(context, account, &individual, &settings, &hash, decide).await
    }
}

/// Saves the activation with the password, the session and the sign-in's record in one transaction.
async fn activate(
    context: &Context<'_>,
    mut account: Versioned<Account>,
    individual: &Individual,
    settings: &Settings,
    hash: &PasswordHash,
    decide: impl Fn(&Account) -> Result<Changed, Refused>,
) -> Result<Reply<Response>, Failure<Error>> {
    let store = &context.services.store;
    let device = context.remember_device(Audience::Portal, account.value.email.normalized()).await?;
    for _ in 0..TRIES {
        let changed = decide(&account.value).map_err(|refusal| refused(&refusal))?;
        let holder = Holder::Client(changed.account.id);
        let opened =
            context.new_session(holder, changed.account.epoch, AuthLevel::Password, settings).await?;
        let actor = Actor::Client(changed.account.id);
        let mut transaction =
            context.account_change(actor, &changed, account.version, individual.test, Some(hash));
        transaction.open_session(&opened.session).log_access(&context.access(Access::SignedIn, actor));
        let response = Response {
            account_id: changed.account.id,
            landing: changed.account.landing.as_ref().map(|landing| landing.as_str().to_owned()),
            session: SessionTimes::of(&opened.session, settings, context),
        };
        match context.commit(transaction, &response).await {
            Ok(()) => return Ok(Reply::from(response).with_session(&opened).with_device(&device)),
            // Another attempt was claimed meanwhile, or the link was used: look again and decide again.
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                account = store.ask(ask::account(account.value.id)).await?.ok_or(Error::LinkNotValid)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

/// Journals a miss, and closes the account after the last one (A6, A7).
async fn record_miss(
    context: &Context<'_>,
    mut account: Versioned<Account>,
    individual: &Individual,
) -> Result<(), Failure<Error>> {
    let actor = Actor::Anonymous;
    for _ in 0..TRIES {
        // Not Pending any more: somebody else's decision stands.
        let Ok(changed) = account.value.miss_birth_date(context.now) else { return Ok(()) };
        let mut transaction = context.account_change(actor, &changed, account.version, individual.test, None);
        transaction.log_access(&context.access(Access::Refused, Actor::Client(account.value.id)));
        match context.services.store.commit(transaction).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = context.services.store.ask(ask::account(account.value.id)).await?;
                account = again.ok_or(Error::LinkNotValid)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

/// Why no attempt could be claimed. With none left the calls that claimed them are still deciding: this one must not
/// close what one of them may be opening.
fn not_claimed(refusal: &Refused) -> Failure<Error> {
    if refusal.reason == Reason::NoAttemptsLeft { Failure::conflict() } else { refused(refusal).into() }
}

/// Attempts used up while the account still stands: whoever used the last one is deciding.
fn open_to_closing(refusal: &Refused) -> Result<(), Failure<Error>> {
    if refusal.reason == Reason::NoAttemptsLeft { Ok(()) } else { Err(refused(refusal).into()) }
}

fn refused(refusal: &Refused) -> Error {
    use domain::account::StateName::{Active, Closed, Locked};
    match (refusal.state, refusal.reason) {
        (Active | Locked, _) => Error::AlreadyActive,
        (_, Reason::Expired) => Error::LinkExpired,
        (_, Reason::Superseded) => Error::LinkSuperseded,
        (_, Reason::NoConsent) => Error::ConsentNeeded,
        (_, Reason::TextsNotAccepted) => Error::TermsNotAccepted,
        (_, Reason::NoAttemptsLeft) => Error::BirthDateThirdMiss,
        (Closed, _) | (_, Reason::WrongState | Reason::NoBirthDate | Reason::DefaultBirthDate) => {
            Error::LinkClosed
        }
        _ => Error::PortalOff,
    }
}

fn invalid_birth_date(error: domain::birth_date::BirthDateError) -> Failure<Error> {
    Failure::invalid("birth_date", error.to_string())
}
