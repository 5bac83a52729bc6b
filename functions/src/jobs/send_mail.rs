//! Sends a mail that somebody waits for. Looks again at account, consent and settings first, and records why if it must
//! not go.

use store::Fault;

use super::Delivered;
use crate::context::Context;
use crate::entry::event::MessageOperation;
use crate::mailing::send_what_it_asks_for;

/// Sends mail.
pub struct SendMail;

impl MessageOperation for SendMail {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        send_what_it_asks_for(context, message.detail).await
    }
}
