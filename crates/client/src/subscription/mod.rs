//! What comes for a setting, turn by turn, with the cursor on the caller's side.

mod event;
mod watch;

pub use event::{Event, Turn};
pub use watch::{RECONNECT_WAIT_MAX, RECONNECTS_MAX, RETRY_AFTER_MAX, SILENCE_MAX, Watch};

use std::time::Duration;

use baton_wire::{
    name::{self, SettingName, SubscriptionName},
    status::Reason,
    v1,
};

use crate::{Client, ClientError, Witness};

/// Items one turn holds at most.
pub const TURN_ITEMS_MAX: i32 = 64;
/// Longest time a pull waits for a first item. The contract allows 30 s, which is also the longest
/// a service lets a call take; this leaves it time to answer.
pub const PULL_WAIT_MAX: Duration = Duration::from_secs(25);

/// A named subscription, and how its turns are wanted.
///
/// It is for one consumer, and the latest wins: a watch or a pull ends an earlier watch of the same
/// name, which then gives [`ClientError::TakenOver`]. Two consumers take two names.
///
/// The cursor is a token that the caller keeps: save it (see [`TokenFile`](crate::TokenFile))
/// once the items before it are dealt with, and give it back with
/// [`resume_from`](Subscription::resume_from). So at worst items come again, never none. An item is
/// the profile as it stands now; deal with it by its name and version.
#[derive(Clone, Debug)]
pub struct Subscription {
    client: Client,
    parent: String,
    name: String,
    token: String,
    max_items: i32,
    inline_content: bool,
    witness: Option<Witness>,
}

impl Subscription {
    /// The subscription of that name, `settings/{setting}/subscriptions/{subscription}`, which
    /// exists already. It starts at the beginning.
    pub fn of(client: &Client, name: &str) -> Result<Self, ClientError> {
        let read: SubscriptionName =
            name::read("subscription", name).map_err(|wrong| ClientError::Invalid(vec![wrong]))?;
        Ok(Self {
            client: client.clone(),
            parent: SettingName::from(read.setting).to_string(),
            name: name.to_owned(),
            token: String::new(),
            max_items: TURN_ITEMS_MAX,
            inline_content: false,
            witness: None,
        })
    }

    /// Makes a named subscription, or finds it when it exists with the same filter.
    pub async fn create(
        client: &Client,
        request: v1::CreateSubscriptionRequest,
    ) -> Result<Self, ClientError> {
        let made = client.create_subscription(request).await?;
        Self::of(client, &made.name)
    }

    /// Goes on from a token of an earlier turn; empty: from the beginning.
    #[must_use]
    pub fn resume_from(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// At most so many items in a turn, 1 to [`TURN_ITEMS_MAX`].
    #[must_use]
    pub fn max_items(mut self, max: i32) -> Self {
        self.max_items = max.clamp(1, TURN_ITEMS_MAX);
        self
    }

    /// Gives the sections with each item, which then counts as opened.
    #[must_use]
    pub const fn inline_content(mut self, inline: bool) -> Self {
        self.inline_content = inline;
        self
    }

    /// Has the ledger watched: its checkpoints are compared with those seen before, after every
    /// reconnect and every so many turns. What the witness finds comes as [`Event::Witness`].
    #[must_use]
    pub fn witnessed_by(mut self, witness: &Witness) -> Self {
        self.witness = Some(witness.clone());
        self
    }

    /// `settings/{setting}/subscriptions/{subscription}`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the next pull or watch begins.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Turns without end, from [`token`](Subscription::token) on. The watch has a token of its
    /// own from here on.
    pub fn watch(&self) -> Watch {
        Watch::from(self.clone())
    }

    /// One turn: what came after the token, waiting up to `wait` ([`PULL_WAIT_MAX`]) for a first
    /// item. At most three events, in order: the ledger changed; a turn or a bookmark; what the
    /// witness found. The token moves on when it returns; a pull that is dropped changes nothing.
    pub async fn pull(&mut self, wait: Duration) -> Result<Vec<Event>, ClientError> {
        let wait_ms = i32::try_from(wait.min(PULL_WAIT_MAX).as_millis()).unwrap_or(i32::MAX);
        let request = v1::PullRequest {
            parent: self.parent.clone(),
            subscription: self.name.clone(),
            token: self.token.clone(),
            max_items: self.max_items,
            wait_ms,
            inline_content: self.inline_content,
        };
        let (mut events, checkpoint) = match self.client.pull(request).await {
            Ok(told) => {
                let v1::PullResponse {
                    items,
                    token,
                    ledger_changed,
                    checkpoint,
                } = told;
                (event::read(items, token, ledger_changed), Some(checkpoint))
            }
            Err(error) => (vec![begin_afresh(&self.token, error)?], None),
        };
        if let (Some(witness), Some(checkpoint)) = (&self.witness, checkpoint)
            && witness.is_due()
            && let Some(sighting) = witness.look(&self.client, &self.parent, &checkpoint).await
        {
            events.push(Event::Witness(sighting));
        }
        if let Some(token) = events.iter().rev().find_map(Event::token) {
            token.clone_into(&mut self.token);
        }
        Ok(events)
    }

    /// Tells the sender that this version was taken over. Repeating it changes nothing.
    pub async fn acknowledge(
        &self,
        profile: impl Into<String>,
        version: i32,
    ) -> Result<v1::AcknowledgeResponse, ClientError> {
        let request = v1::AcknowledgeRequest {
            parent: self.parent.clone(),
            profile: profile.into(),
            version,
            request_id: String::new(),
        };
        self.client.acknowledge(request).await
    }

    /// Sends this version back.
    pub async fn reject(
        &self,
        profile: impl Into<String>,
        version: i32,
        reason: v1::RejectReason,
    ) -> Result<v1::RejectResponse, ClientError> {
        let request = v1::RejectRequest {
            parent: self.parent.clone(),
            profile: profile.into(),
            version,
            reason: reason.into(),
            request_id: String::new(),
        };
        self.client.reject(request).await
    }
}

/// A refusal that means the ledger is another one now: the way on is from the beginning.
fn begin_afresh(token: &str, error: ClientError) -> Result<Event, ClientError> {
    match error {
        ClientError::Failed {
            reason: Reason::LedgerChanged,
            ..
        } if !token.is_empty() => Ok(Event::LedgerChanged {
            token: String::new(),
        }),
        error => Err(error),
    }
}
