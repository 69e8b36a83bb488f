//! All the bytes somebody gets: answers as they come over the wire, and refusals with their details.

use std::collections::BTreeSet;

use baton_wire::v1::{self, SectionKind};
use bytes::Bytes;
use prost::Message as _;

use super::Sent;
use crate::harness::*;

/// What somebody received, one after the other.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    /// Calls that were asked.
    pub(super) asked: BTreeSet<String>,
}

impl Received {
    /// Asks, and keeps whatever is answered; also gives it.
    async fn ask(&mut self, who: &Caller, method: &str, message: &impl prost::Message) -> Bytes {
        self.asked.insert(method.to_owned());
        let asked = raw(who, method, message.encode_to_vec().into()).await;
        let answer = asked.unwrap_or_else(|status| {
            // Who is turned away before anything is looked at could be shown too much, and nobody saw it.
            assert_ne!(
                status.code(),
                tonic::Code::ResourceExhausted,
                "{method}: {status}"
            );
            self.bytes.extend_from_slice(status.message().as_bytes());
            self.bytes.extend_from_slice(status.details());
            Bytes::new()
        });
        self.bytes.extend_from_slice(&answer);
        answer
    }

    /// Everything that can be asked about one move, its profile and its document.
    pub(crate) async fn about(&mut self, who: &Caller, sent: &Sent) {
        let parent = who.setting.clone();
        let transition = who.mine(&sent.of.name);
        for profile in &sent.profiles {
            self.of_profile(who, who.mine(profile)).await;
        }
        let show = v1::GetTransitionRequest {
            parent: parent.clone(),
            name: transition.clone(),
        };
        self.ask(who, "TransitionService/GetTransition", &show)
            .await;
        let saw = v1::WhoSawRequest {
            parent: parent.clone(),
            transition: transition.clone(),
            ..Default::default()
        };
        self.ask(who, "AuditService/WhoSaw", &saw).await;
        let said = v1::ListSharingDecisionsRequest {
            parent: parent.clone(),
            name: transition.clone(),
        };
        self.ask(who, "TransitionService/ListSharingDecisions", &said)
            .await;
        let family = v1::ListFamilyAccessRequest {
            parent: parent.clone(),
            name: transition.clone(),
        };
        self.ask(who, "TransitionService/ListFamilyAccess", &family)
            .await;
        self.asked
            .insert("DocumentService/DownloadDocument".to_owned());
        let (answer, file) = who.download(&sent.document).await;
        if let Ok(document) = answer {
            self.bytes.extend_from_slice(&document.encode_to_vec());
        }
        self.bytes.extend_from_slice(&file);
        let erase = v1::EraseRequest {
            validate_only: true,
            ..who.erasure(&sent.of.name)
        };
        self.ask(who, "ErasureService/Erase", &erase).await;
    }

    async fn of_profile(&mut self, who: &Caller, profile: String) {
        let parent = who.setting.clone();
        let get = v1::GetProfileRequest {
            parent: parent.clone(),
            name: profile.clone(),
            kinds: Vec::new(),
        };
        self.ask(who, "ProfileService/GetProfile", &get).await;
        let every = (1..=24).filter(|kind| SectionKind::try_from(*kind).is_ok());
        let masked = v1::GetProfileRequest {
            kinds: every.collect(),
            ..get
        };
        self.ask(who, "ProfileService/GetProfile", &masked).await;
        let listed = v1::ListDocumentsRequest { parent, profile };
        self.ask(who, "DocumentService/ListDocuments", &listed)
            .await;
    }

    /// Everything that is asked of the service as such, page by page.
    pub(crate) async fn in_general(&mut self, who: &Caller) {
        self.feed(who).await;
        self.moves(who).await;
        self.entries(who).await;
        let parent = who.setting.clone();
        let settings = v1::ListSettingsRequest {
            parent: parent.clone(),
            ..Default::default()
        };
        self.ask(who, "SettingService/ListSettings", &settings)
            .await;
        let credentials = v1::ListCredentialsRequest {
            parent: parent.clone(),
            setting: parent.clone(),
        };
        self.ask(who, "SettingService/ListCredentials", &credentials)
            .await;
        let rows = v1::ListAccessRowsRequest {
            parent,
            ..Default::default()
        };
        self.ask(who, "AuditService/ListAccessRows", &rows).await;
    }

    /// A subscription from its beginning, sections inline.
    async fn feed(&mut self, who: &Caller) {
        let Ok(subscription) = who.subscribe().await else {
            return;
        };
        let mut token = String::new();
        loop {
            let pull = v1::PullRequest {
                parent: who.setting.clone(),
                subscription: who.mine(&subscription),
                token,
                inline_content: true,
                ..Default::default()
            };
            let answer = self.ask(who, "SubscriptionService/Pull", &pull).await;
            let pulled = v1::PullResponse::decode(answer).unwrap();
            if pulled.items.is_empty() {
                break;
            }
            token = pulled.token;
        }
        self.watched(who, &subscription).await;
    }

    /// The same as a stream, up to its first turn with nothing in it.
    async fn watched(&mut self, who: &Caller, subscription: &str) {
        self.asked.insert("SubscriptionService/Watch".to_owned());
        let watch = v1::WatchRequest {
            parent: who.setting.clone(),
            subscription: who.mine(subscription),
            inline_content: true,
            ..Default::default()
        };
        let Ok(watch) = who.subscriptions().watch(watch).await else {
            return;
        };
        let mut watch = watch.into_inner();
        while let Ok(Some(turn)) = watch.message().await {
            self.bytes.extend_from_slice(&turn.encode_to_vec());
            if turn.items.is_empty() {
                return;
            }
        }
    }

    async fn moves(&mut self, who: &Caller) {
        let mut page_token = String::new();
        loop {
            let list = v1::ListTransitionsRequest {
                parent: who.setting.clone(),
                page_token,
                ..Default::default()
            };
            let answer = self
                .ask(who, "TransitionService/ListTransitions", &list)
                .await;
            page_token = v1::ListTransitionsResponse::decode(answer)
                .unwrap()
                .next_page_token;
            if page_token.is_empty() {
                return;
            }
        }
    }

    async fn entries(&mut self, who: &Caller) {
        let mut start = 0;
        loop {
            let list = v1::ListEntriesRequest {
                parent: who.setting.clone(),
                start,
                ..Default::default()
            };
            let answer = self.ask(who, "AuditService/ListEntries", &list).await;
            let count = v1::ListEntriesResponse::decode(answer)
                .unwrap()
                .entries
                .len();
            if count < 2 {
                return;
            }
            start += i64::try_from(count).unwrap();
        }
    }
}
