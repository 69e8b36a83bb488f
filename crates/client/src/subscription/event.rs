//! What a subscriber is told.

use baton_wire::v1;

use crate::{ClientError, Sighting};

/// What comes out of a watch or a pull.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Items came.
    Turn(Turn),
    /// Nothing came; everything up to the token was sent.
    Bookmark {
        /// Where to resume.
        token: String,
    },
    /// The token was of another ledger or of a time before a restore. Keep nothing that only the
    /// token vouched for: a fresh snapshot follows, and what was taken over may come again.
    LedgerChanged {
        /// Where the snapshot begins; empty: at the beginning.
        token: String,
    },
    /// The connection was lost; the watch comes back by itself and goes on from the last token.
    Interrupted {
        /// How many times in a row.
        failures: u32,
        /// Why.
        error: ClientError,
    },
    /// What the witness found about the ledger. After an alarm items keep coming: whom to believe
    /// is for people to decide, and a child's start does not wait for it.
    Witness(Sighting),
}

/// Items that came together.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// In order of position; at least one.
    pub items: Vec<v1::Item>,
    /// Where to resume once they are dealt with.
    pub token: String,
}

impl Event {
    /// The token that stands after this event, if it moves.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Turn(Turn { token, .. })
            | Self::Bookmark { token }
            | Self::LedgerChanged { token } => Some(token),
            Self::Interrupted { .. } | Self::Witness(_) => None,
        }
    }
}

/// The events of one turn as it was answered: one or two.
pub(super) fn read(items: Vec<v1::Item>, token: String, ledger_changed: bool) -> Vec<Event> {
    let mut events = Vec::with_capacity(3);
    if ledger_changed {
        // With items in the same turn its token stands after them. Who stops in between begins
        // again at the beginning.
        let token = if items.is_empty() {
            token.clone()
        } else {
            String::new()
        };
        events.push(Event::LedgerChanged { token });
    }
    if !items.is_empty() {
        events.push(Event::Turn(Turn { items, token }));
    } else if !ledger_changed {
        events.push(Event::Bookmark { token });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(items: usize, changed: bool) -> Vec<String> {
        let items = vec![v1::Item::default(); items];
        let events = read(items, "next".to_owned(), changed);
        events
            .iter()
            .filter_map(|event| event.token().map(str::to_owned))
            .collect()
    }

    #[test]
    fn no_token_stands_before_items_it_would_pass_over() {
        assert_eq!(tokens(0, false), ["next"]);
        assert_eq!(tokens(2, false), ["next"]);
        assert_eq!(tokens(0, true), ["next"]);
        assert_eq!(tokens(2, true), ["", "next"]);
    }
}
