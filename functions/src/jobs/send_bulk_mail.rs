//! Sends mail that nobody waits for, of which there may be much at once: it has a queue of its own, so that it delays
//! none of the other, and keeps to its share of what the mail service takes.

use store::Fault;

use super::Delivered;
use crate::context::Context;
use crate::entry::event::MessageOperation;
use crate::mailing::send_what_it_asks_for;
use crate::operation::Queue;
use crate::pace::Pace;

/// Sends mail in bulk.
pub struct SendBulkMail;

impl MessageOperation for SendBulkMail {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        let mut pace = Pace::shared_by(context, Queue::MailBulk.concurrency()).await?;
        send_what_it_asks_for(context, message.detail).await?;
        pace.keep(context, 1).await;
        Ok(())
    }
}
