//! Every call of the contract, asked by everyone who should not: one right answer each, and the
//! right number of entries. A call added to the contract without a row here fails.

mod absent;
pub(crate) mod answers;
mod people;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use baton_wire::status::Reason;
use prost::Message as _;

use crate::harness::*;
use people::scene;
use rows::{Call, LAST, ROWS, Targets};

/// Asks, and tells the answer and by how much the ledger grew.
async fn asked(
    exchange: &Exchange,
    call: Call,
    who: &Caller,
    to: &Targets,
) -> (Option<Reason>, u64) {
    let before = exchange.size();
    let answer = call(who.clone(), to.clone()).await;
    let reason = answer.err().map(|status| refused::<()>(Err(status)).reason);
    (reason, exchange.size() - before)
}

fn cell((reason, entries): (Option<Reason>, u64)) -> String {
    let word = match reason {
        None => "ok",
        Some(Reason::PermissionDenied) => "denied",
        Some(Reason::Unauthenticated) => "nobody",
        Some(other) => other.name(),
    };
    format!("{word} {entries}")
}

/// Every method of the contract, as `Service/Method`.
fn contract() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(baton_wire::DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().filter(|file| file.package() == "baton.v1");
    let methods = services.flat_map(|file| &file.service).flat_map(|service| {
        service
            .method
            .iter()
            .map(|method| format!("{}/{}", service.name(), method.name()))
    });
    methods.collect()
}

#[test]
fn every_call_of_the_contract_has_a_row() {
    let rows: BTreeSet<String> = ROWS
        .iter()
        .chain(LAST)
        .map(|row| row.rpc.to_owned())
        .collect();
    assert_eq!(contract(), rows, "left: the contract; right: the rows");
}

on_both_engines! {
    async fn every_door_is_shut_to_whoever_should_not_come_in(exchange) {
        let (people, to) = scene(exchange).await;
        let heads = ["nobody", "unknown", "revoked", "wrong role", "wrong setting", "stranger",
            "former", "right"];
        let mut table = format!("{:42}", "call");
        for head in heads {
            write!(table, "{head:14}").unwrap();
        }
        table.truncate(table.trim_end().len());
        for row in ROWS.iter().chain(LAST) {
            let right = people.named(row.right);
            // The stranger names the right one's setting as the one it acts for.
            let posing = people.stranger.clone().of(&right.setting, "");
            // One connection for all rows would be closed: too many would not be known on it.
            let again = [&people.unknown, &people.revoked].map(|who| who.at(&exchange.door));
            let row_of = [
                &people.nobody,
                &again[0],
                &again[1],
                people.named(row.wrong),
                &posing,
                &people.stranger,
                &people.former,
                right,
            ];
            let mut line = format!("\n{:42}", row.rpc);
            for (head, who) in heads.into_iter().zip(row_of) {
                let got = asked(exchange, row.call, who, &to).await;
                if matches!(head, "nobody" | "unknown" | "revoked") {
                    let shut = (Some(Reason::Unauthenticated), 0);
                    assert_eq!(got, shut, "{} asked by {head}", row.rpc);
                }
                assert!(got.1 <= 1, "{} asked by {head} made {} entries", row.rpc, got.1);
                write!(line, "{:14}", cell(got)).unwrap();
            }
            table.push_str(line.trim_end());
        }
        insta::assert_snapshot!("doors", table);
    }
}
