//! A worker confirms the second factor that they began to set up, by a code of it: from now on it is asked for at every
//! sign-in. This session goes on under a new id, all others end. The recovery codes are shown this once.

use credentials::second_factor::TypedCode;
use domain::session::{AuthLevel, Session};
use domain::throttle::CODE_CONFIRMED;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, FactorWrite, Kind, StoredFactor, Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::session_ended;
use crate::problem::{Failure, refusals};
use crate::signing_in::SessionTimes;
use crate::throttling::Who;

/// Confirms a second factor.
pub struct ConfirmSecondFactor;

/// A code of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The six digits that the authenticator shows.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: TypedCode,
}

/// It is set up.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Each signs in once, in the place of a code, should the authenticator be lost.
    pub recovery_codes: Vec<String>,
    /// When the session ends that goes on; not later than before.
    pub session: SessionTimes,
}

refusals! {
    /// Why it isn't set up.
    pub enum Error {
        /// Not a code that the authenticator shows now.
        SecondFactorWrong => 403, "second_factor_wrong", "This code is not right, or was used; wait for the next one";
        /// Nothing was begun in this session, or too long ago.
        NothingBegun => 409, "second_factor_not_begun", "Begin again: the time to confirm this is over";
    }
}

impl HttpOperation for ConfirmSecondFactor {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let Staff { session, worker, settings, .. } = &staff;
        let (name, store) = (worker.id.to_string(), &context.services.store);
        let who = Who { account: Some(&name), ..Who::default() };
        context.throttle("second_factor_confirmed", CODE_CONFIRMED, who).await?;
        let credentials = store.ask(ask::worker_credentials(&worker.email)).await?;
        let credentials = credentials.ok_or_else(Failure::not_found)?;
        let begun =
            credentials.begun.filter(|begun| begun.session == session.id && context.now < begun.until);
        let begun = begun.ok_or(Error::NothingBegun)?;
        let secret = context.open_secret(worker, &begun.secret).await?;
        let step = secret.step_of(&request.code, context.now, None).ok_or(Error::SecondFactorWrong)?;

        let (shown, recovery) = context.new_recovery_codes(worker).await?;
        let uses = credentials.second_factor.as_ref().map_or(0, |factor| factor.uses);
        let factor = StoredFactor { secret: begun.secret.clone(), step, recovery, uses: uses + 1 };
        let (enrolled, events) = worker.with_second_factor(context.mail());
        let proved = Session { auth_level: AuthLevel::SecondFactor, ..session.clone() };
        let opened = context.renewed_session(&proved, enrolled.epoch, settings).await?;
        let mut transaction = Transaction::new(&context.factor_record(staff.actor(), worker, events));
        let write = FactorWrite { confirmed: Some((&begun, &factor)), ..FactorWrite::default() };
        transaction
            .put_worker(worker.version, &enrolled)
            .write_factor(&worker.email, worker.id, write)
            .renew_session(session, &opened.session);
        match store.commit(transaction).await {
            Ok(()) => {
                let session = SessionTimes::of(&opened.session, settings, context);
                Ok(Reply::from(Response { recovery_codes: shown, session }).with_session(&opened))
            }
            Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => Err(session_ended()),
            Err(error) => Err(error.into()),
        }
    }
}
