//! What is not there and what is not for the caller look the same, to the last byte.

use tonic::{Code, Status};

use super::people::scene;
use super::rows::{LAST, ROWS, Targets};
use crate::harness::*;

/// Refusals that have to be compared at least: a table of calls that all succeed proves nothing.
const COMPARED_MIN: usize = 90;

/// A name of the same shape that nothing has.
fn nothing(name: &str) -> String {
    let (kind, id) = name.rsplit_once('_').unwrap();
    format!("{kind}_{}", "0".repeat(id.len()))
}

impl Targets {
    /// The same calls about things that are not there.
    fn absent(&self) -> Self {
        let mut all = self.clone();
        for name in [
            &mut all.transition,
            &mut all.profile,
            &mut all.document,
            &mut all.staged,
            &mut all.other,
            &mut all.subscription,
            &mut all.credential,
            &mut all.family,
            &mut all.sender.name,
            &mut all.closing,
            &mut all.next.name,
        ] {
            *name = nothing(name);
        }
        all
    }
}

/// Everything of a refusal that reaches the caller, but the time of day.
fn heard(status: &Status) -> (Code, String, Vec<u8>, Vec<String>) {
    let headers = status.metadata().clone().into_headers();
    let mut headers: Vec<String> = headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let details = status.details().to_vec();
    (status.code(), status.message().to_owned(), details, headers)
}

on_both_engines! {
    async fn what_is_absent_and_what_is_forbidden_are_answered_in_the_same_bytes(exchange) {
        let (people, to) = scene(exchange).await;
        let absent = to.absent();
        let mut compared = 0;
        for row in ROWS.iter().chain(LAST) {
            let posing = people.stranger.clone().of(&people.named(row.right).setting, "");
            for (name, who) in [
                ("nobody", &people.nobody),
                ("wrong role", people.named(row.wrong)),
                ("stranger", &people.stranger),
                ("posing", &posing),
                ("former", &people.former),
            ] {
                // What is there and may be asked is no refusal to be compared.
                let Err(forbidden) = (row.call)(who.clone(), to.clone()).await else {
                    continue;
                };
                let missing = (row.call)(who.clone(), absent.clone()).await.unwrap_err();
                assert_eq!(heard(&forbidden), heard(&missing), "{} by {name}", row.rpc);
                compared += 1;
            }
        }
        assert!(compared >= COMPARED_MIN, "{compared} refusals compared");
    }
}
