//! What the witness found, for people and machines.

use baton_client::Sighting;
use serde_json::json;

use crate::output::Output;

/// Tells it; that the ledger has grown as it should is not worth a line.
pub(super) fn tell(sighting: &Sighting, output: Output) {
    let (json, text) = match sighting {
        Sighting::FirstSeen { origin, key, size } => (
            json!({ "found": "first_seen", "origin": origin, "key": key.to_string(), "size": size }),
            format!(
                "first look at the ledger {origin}: its key is {key} and is held from now on; \
                 compare it with the one the council publishes"
            ),
        ),
        Sighting::NewTerm {
            from,
            to,
            size_before,
            size,
        } => (
            json!({
                "found": "new_term", "from": from, "to": to, "size_before": size_before,
                "size": size,
            }),
            format!(
                "THE LEDGER HAS OPENED A NEW TERM ({from}, {size_before} entries, is now {to}, \
                 {size} entries), as after the restore of a backup: ask the council which restore \
                 it was"
            ),
        ),
        Sighting::NewKey { from, to, size } => (
            json!({
                "found": "new_key", "from": from.to_string(), "to": to.to_string(), "size": size,
            }),
            format!(
                "the ledger signs with the key {to} now, to which {from} handed over; it is held \
                 from now on"
            ),
        ),
        Sighting::Alarm(alarm) => {
            let evidence = alarm
                .evidence
                .as_ref()
                .map(|it| it.seen.display().to_string());
            let saved = match &evidence {
                Some(file) => format!("; the evidence lies beside {file}"),
                None => String::new(),
            };
            (
                json!({ "found": "alarm", "kind": alarm.kind.name(), "evidence": evidence }),
                format!(
                    "ALARM: THE LEDGER CONTRADICTS ITSELF ({}){saved}. Tell the council and its \
                     auditor. Profiles keep coming.",
                    alarm.kind.name()
                ),
            )
        }
        _ => return,
    };
    output.machine(&json!({ "witness": json }));
    output.say(&text);
}
