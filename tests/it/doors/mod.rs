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
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r"
        call                                      nobody        unknown       revoked       wrong role    wrong setting stranger      former        right
        SettingService/Bootstrap                  nobody 0      nobody 0      nobody 0      nobody 0      nobody 0      nobody 0      nobody 0      nobody 0
        SettingService/ListSettings               nobody 0      nobody 0      nobody 0      ok 1          denied 1      ok 1          ok 1          ok 1
        SettingService/ListCredentials            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/SetCaretaker               nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/IssueCredential            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/RevokeCredential           nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/AddDelegation              nobody 0      nobody 0      nobody 0      denied 1      denied 1      ok 1          ok 1          ok 1
        SettingService/SignAgreement              nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/ListAgreements             nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/EndAgreement               nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/ListDelegations            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/EndDelegation              nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        AuditService/GetCheckpoint                nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        AuditService/GetInclusionProof            nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        AuditService/GetConsistencyProof          nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        AuditService/ListEntries                  nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        AuditService/GetTile                      nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        AuditService/GetPolicySet                 nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        AuditService/ListAccessRows               nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        AuditService/WhoSaw                       nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        AuditService/RecordDisclosure             nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        KeyService/RotateKeys                     nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        KeyService/RotateLogKey                   nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        KeyService/RotateMasterKey                nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        KeyService/ListEpochs                     nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        PolicyService/GetPolicyInForce            nobody 0      nobody 0      nobody 0      ok 0          ok 0          ok 0          ok 0          ok 0
        PolicyService/ReplacePolicySet            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        PolicyService/ListPolicyChanges           nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ErasureService/SetLegalHold               nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ErasureService/LiftRestriction            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ErasureService/Erase                      nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/GetTransition           nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      ok 1          ok 1
        TransitionService/ListTransitions         nobody 0      nobody 0      nobody 0      ok 1          denied 1      ok 1          ok 1          ok 1
        TransitionService/AddRecipient            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/SendWithoutAgreement    nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/EndSendingWithoutAgreementnobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/EndRecipient            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/SetPlanCouncil          nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/RecordSharingDecision   nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/ListSharingDecisions    nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/RecordFact              nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ProfileService/CheckProfile               nobody 0      nobody 0      nobody 0      ok 0          denied 0      ok 0          ok 0          ok 0
        ProfileService/PublishProfile             nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ProfileService/GetProfile                 nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        DocumentService/CreateDocument            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 0
        DocumentService/UploadChunk               nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 0
        DocumentService/FinaliseDocument          nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        DocumentService/ListDocuments             nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        DocumentService/DownloadDocument          nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SubscriptionService/CreateSubscription    nobody 0      nobody 0      nobody 0      denied 1      denied 1      ok 1          ok 1          ok 1
        SubscriptionService/Pull                  nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SubscriptionService/Acknowledge           nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      ok 1          ok 1
        SubscriptionService/Reject                nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SettingService/ImportSettings             nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/PlanTransitions         nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ProfileService/BatchPublishProfiles       nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        SubscriptionService/Watch                 nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        BackupService/BackUp                      nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        TransitionService/RedirectTransition      nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ProfileService/WithdrawProfile            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        ErasureService/RestrictProcessing         nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        DocumentService/RemoveDocument            nobody 0      nobody 0      nobody 0      denied 1      denied 1      denied 1      denied 1      ok 1
        "); }
    }
}
