//! Calls as tests make them: one line each, with a fresh request id. What carries sections is on the
//! heap: their typed form is large.

use std::sync::atomic::{AtomicU64, Ordering};

use baton_wire::v1;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::{Status, Streaming};

use super::caller::Caller;
use super::world::Setting;

pub(crate) type Answer<T> = Result<T, Status>;

/// A request id nobody used before, in the shape of a UUID.
pub(crate) fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "00000000-0000-4000-8000-{:012x}",
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// What a contributor of the tests fills.
pub(crate) const ASSIGNED: [v1::SectionKind; 2] = [v1::SectionKind::Send, v1::SectionKind::Health];

/// Kinds that go with these roles.
fn assigned(roles: &[v1::Role]) -> Vec<i32> {
    let contributes = roles.contains(&v1::Role::Contributor);
    let kinds = ASSIGNED.iter().filter(|_| contributes);
    kinds.map(|kind| (*kind).into()).collect()
}

/// How long a pull waits for what is to come, in milliseconds; less than it may at most.
const WAIT_MS: i32 = 20_000;

impl Caller {
    /// Publishes under the caller's own name of the move.
    pub(crate) fn publish(
        &self,
        profile: v1::ProfileSubmission,
    ) -> BoxFuture<'_, Answer<v1::PublishProfileResponse>> {
        self.publish_as(&fresh(), profile)
    }

    pub(crate) fn publish_as(
        &self,
        request_id: &str,
        mut profile: v1::ProfileSubmission,
    ) -> BoxFuture<'_, Answer<v1::PublishProfileResponse>> {
        if !profile.transition.is_empty() {
            profile.transition = self.mine(&profile.transition);
        }
        let request = v1::PublishProfileRequest {
            parent: self.setting.clone(),
            profile: Some(profile),
            request_id: request_id.to_owned(),
        };
        let mut stub = self.profiles();
        async move { Ok(stub.publish_profile(request).await?.into_inner()) }.boxed()
    }

    pub(crate) fn check(
        &self,
        mut profile: v1::ProfileSubmission,
    ) -> BoxFuture<'_, Answer<v1::CheckProfileResponse>> {
        profile.transition = self.mine(&profile.transition);
        let (parent, profile) = (self.setting.clone(), Some(profile));
        let request = v1::CheckProfileRequest { parent, profile };
        let mut stub = self.profiles();
        async move { Ok(stub.check_profile(request).await?.into_inner()) }.boxed()
    }

    /// Asks for what leaves no entry.
    pub(crate) async fn look(&self) -> Answer<()> {
        let parent = self.setting.clone();
        let asked = v1::GetCheckpointRequest { parent };
        self.audit().get_checkpoint(asked).await.map(drop)
    }

    pub(crate) fn get(&self, profile: &str) -> BoxFuture<'_, Answer<v1::Profile>> {
        self.get_only(profile, &[])
    }

    /// Only these kinds; none: all there are for the caller.
    pub(crate) fn get_only(
        &self,
        profile: &str,
        kinds: &[v1::SectionKind],
    ) -> BoxFuture<'_, Answer<v1::Profile>> {
        let request = v1::GetProfileRequest {
            parent: self.setting.clone(),
            name: self.mine(profile),
            kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        };
        let mut stub = self.profiles();
        async move { Ok(stub.get_profile(request).await?.into_inner()) }.boxed()
    }

    pub(crate) async fn withdraw(&self, profile: &str) -> Answer<v1::Receipt> {
        let (parent, name) = (self.setting.clone(), self.mine(profile));
        let request = v1::WithdrawProfileRequest {
            parent,
            name,
            request_id: fresh(),
        };
        let answer = self
            .profiles()
            .withdraw_profile(request)
            .await?
            .into_inner();
        Ok(answer.receipt.unwrap())
    }

    pub(crate) async fn transition(&self, name: &str) -> Answer<v1::Transition> {
        let (parent, name) = (self.setting.clone(), self.mine(name));
        let request = v1::GetTransitionRequest { parent, name };
        Ok(self
            .transitions()
            .get_transition(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn list_transitions(&self) -> Answer<Vec<v1::Transition>> {
        let request = v1::ListTransitionsRequest {
            parent: self.setting.clone(),
            ..Default::default()
        };
        Ok(self
            .transitions()
            .list_transitions(request)
            .await?
            .into_inner()
            .transitions)
    }

    pub(crate) async fn plan(
        &self,
        transitions: Vec<v1::PlannedTransition>,
    ) -> Answer<Vec<v1::PlannedTransitionOutcome>> {
        let (parent, request_id) = (self.setting.clone(), fresh());
        let request = v1::PlanTransitionsRequest {
            parent,
            transitions,
            request_id,
        };
        Ok(self
            .transitions()
            .plan_transitions(request)
            .await?
            .into_inner()
            .transitions)
    }

    /// Redirects to a setting that offered and was accepted.
    pub(crate) async fn redirect(
        &self,
        transition: &str,
        to: &Setting,
        offer_date: &str,
    ) -> Answer<v1::Receipt> {
        let request = v1::RedirectTransitionRequest {
            parent: self.setting.clone(),
            name: self.mine(transition),
            to: Some(to.code.clone()),
            offer_date: offer_date.to_owned(),
            acceptance: v1::AcceptanceState::Accepted.into(),
            request_id: fresh(),
        };
        let answer = self
            .transitions()
            .redirect_transition(request)
            .await?
            .into_inner();
        Ok(answer.receipt.unwrap())
    }

    pub(crate) async fn record(
        &self,
        transition: &str,
        fact: v1::TransitionFact,
    ) -> Answer<v1::Receipt> {
        let request = v1::RecordFactRequest {
            parent: self.setting.clone(),
            name: self.mine(transition),
            fact: fact.into(),
            request_id: fresh(),
        };
        Ok(self
            .transitions()
            .record_fact(request)
            .await?
            .into_inner()
            .receipt
            .unwrap())
    }

    /// A subscription to everything; its name.
    pub(crate) async fn subscribe(&self) -> Answer<String> {
        self.subscribe_to("all", v1::Point::Unspecified, 0).await
    }

    pub(crate) async fn subscribe_to(
        &self,
        id: &str,
        point: v1::Point,
        academic_year: i32,
    ) -> Answer<String> {
        let subscription = v1::Subscription {
            name: String::new(),
            subscription_id: id.to_owned(),
            point: point.into(),
            academic_year,
        };
        let request = v1::CreateSubscriptionRequest {
            parent: self.setting.clone(),
            subscription: Some(subscription),
            request_id: fresh(),
        };
        Ok(self
            .subscriptions()
            .create_subscription(request)
            .await?
            .into_inner()
            .name)
    }

    /// What is there now.
    pub(crate) async fn pull(&self, subscription: &str, token: &str) -> Answer<v1::PullResponse> {
        let request = v1::PullRequest {
            parent: self.setting.clone(),
            subscription: self.mine(subscription),
            token: token.to_owned(),
            ..Default::default()
        };
        Ok(self.subscriptions().pull(request).await?.into_inner())
    }

    /// Waits for the next thing that comes.
    pub(crate) async fn await_item(
        &self,
        subscription: &str,
        token: &str,
    ) -> Answer<v1::PullResponse> {
        let request = v1::PullRequest {
            parent: self.setting.clone(),
            subscription: self.mine(subscription),
            token: token.to_owned(),
            wait_ms: WAIT_MS,
            ..Default::default()
        };
        let pulled = self.subscriptions().pull(request).await?.into_inner();
        assert!(!pulled.items.is_empty(), "nothing came in {WAIT_MS} ms");
        Ok(pulled)
    }

    pub(crate) async fn watch(
        &self,
        subscription: &str,
        token: &str,
    ) -> Answer<Streaming<v1::WatchResponse>> {
        let request = v1::WatchRequest {
            parent: self.setting.clone(),
            subscription: self.mine(subscription),
            token: token.to_owned(),
            ..Default::default()
        };
        Ok(self.subscriptions().watch(request).await?.into_inner())
    }

    pub(crate) async fn acknowledge(&self, profile: &str, version: i32) -> Answer<v1::Receipt> {
        let request = v1::AcknowledgeRequest {
            parent: self.setting.clone(),
            profile: self.mine(profile),
            version,
            request_id: fresh(),
        };
        Ok(self
            .subscriptions()
            .acknowledge(request)
            .await?
            .into_inner()
            .receipt
            .unwrap())
    }

    pub(crate) async fn reject(
        &self,
        profile: &str,
        version: i32,
        reason: v1::RejectReason,
    ) -> Answer<v1::Receipt> {
        let request = v1::RejectRequest {
            parent: self.setting.clone(),
            profile: self.mine(profile),
            version,
            reason: reason.into(),
            request_id: fresh(),
        };
        Ok(self
            .subscriptions()
            .reject(request)
            .await?
            .into_inner()
            .receipt
            .unwrap())
    }

    pub(crate) async fn issue(
        &self,
        setting: &str,
        roles: &[v1::Role],
        spki: &[u8],
        lifetime_days: i32,
    ) -> Answer<v1::IssueCredentialResponse> {
        let more = v1::IssueCredentialRequest {
            lifetime_days,
            ..Default::default()
        };
        self.issue_with(setting, roles, spki, more).await
    }

    /// Asks for a credential of these roles, and for what else the request says.
    pub(crate) async fn issue_with(
        &self,
        setting: &str,
        roles: &[v1::Role],
        spki: &[u8],
        more: v1::IssueCredentialRequest,
    ) -> Answer<v1::IssueCredentialResponse> {
        let request = v1::IssueCredentialRequest {
            parent: self.setting.clone(),
            setting: setting.to_owned(),
            label: "of a test".to_owned(),
            roles: roles.iter().map(|role| (*role).into()).collect(),
            certificate_spki_sha256: spki.to_vec().into(),
            request_id: fresh(),
            kinds: assigned(roles),
            ..more
        };
        Ok(self
            .settings()
            .issue_credential(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn revoke(&self, credential: &str) -> Answer<v1::Receipt> {
        let request = v1::RevokeCredentialRequest {
            parent: self.setting.clone(),
            name: credential.to_owned(),
            request_id: fresh(),
        };
        Ok(self
            .settings()
            .revoke_credential(request)
            .await?
            .into_inner()
            .receipt
            .unwrap())
    }

    pub(crate) async fn who_saw(&self, transition: &str) -> Answer<Vec<v1::Sighting>> {
        let (parent, transition) = (self.setting.clone(), self.mine(transition));
        let request = v1::WhoSawRequest {
            parent,
            transition,
            ..Default::default()
        };
        Ok(self.audit().who_saw(request).await?.into_inner().sightings)
    }
}

/// Forgetting, and keeping from being forgotten.
impl Caller {
    /// What an erasure of a learner, for a reason, asks.
    pub(crate) fn erasure(&self, transition: &str) -> v1::EraseRequest {
        v1::EraseRequest {
            parent: self.setting.clone(),
            transition: self.mine(transition),
            extent: v1::ErasureExtent::Learner.into(),
            reason: v1::ErasureReason::Objection.into(),
            request_id: fresh(),
            ..Default::default()
        }
    }

    pub(crate) async fn erase(&self, request: v1::EraseRequest) -> Answer<v1::EraseResponse> {
        Ok(self.erasure_calls().erase(request).await?.into_inner())
    }

    pub(crate) async fn erase_kind(
        &self,
        transition: &str,
        kind: v1::SectionKind,
    ) -> Answer<v1::EraseResponse> {
        self.erase(v1::EraseRequest {
            extent: v1::ErasureExtent::SectionKind.into(),
            section_kind: kind.into(),
            ..self.erasure(transition)
        })
        .await
    }

    pub(crate) async fn hold(
        &self,
        transition: &str,
        reason: v1::HoldReason,
    ) -> Answer<v1::Transition> {
        let request = v1::SetLegalHoldRequest {
            parent: self.setting.clone(),
            transition: self.mine(transition),
            reason: reason.into(),
            request_id: fresh(),
        };
        let answer = self.erasure_calls().set_legal_hold(request).await?;
        Ok(answer.into_inner().transition.unwrap())
    }

    pub(crate) async fn restrict(&self, transition: &str) -> Answer<v1::Transition> {
        let request = v1::RestrictProcessingRequest {
            parent: self.setting.clone(),
            transition: self.mine(transition),
            reason: v1::RestrictionReason::AccuracyContested.into(),
            request_id: fresh(),
        };
        let answer = self.erasure_calls().restrict_processing(request).await?;
        Ok(answer.into_inner().transition.unwrap())
    }

    pub(crate) async fn lift(&self, transition: &str) -> Answer<v1::Transition> {
        let request = v1::LiftRestrictionRequest {
            parent: self.setting.clone(),
            transition: self.mine(transition),
            request_id: fresh(),
        };
        let answer = self.erasure_calls().lift_restriction(request).await?;
        Ok(answer.into_inner().transition.unwrap())
    }
}
